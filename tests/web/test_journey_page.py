"""What the page from picking to code and PIN knows, and that it stays shut until a hub is open."""

import re
from datetime import date
from pathlib import Path

import pytest
from babel.support import Translations

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.web.demo import DemoClock
from takeback.web.portal.help.countries import open_help
from takeback.web.portal.journey import forms, guardians
from takeback.web.portal.language import Words, languages
from tests.web.conftest import Served, serving, settings_for


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", {"one", "other"}),
        ("ko", {"other"}),
        ("ar", {"zero", "one", "two", "few", "many", "other"}),
    ],
)
def test_a_page_gets_every_plural_form_of_its_language(code: str, expected: set[str]) -> None:
    """As many as the language has, so that a new one needs no change of a script."""
    words = languages().get(code, Words(code, code, "rtl", Translations()))

    assert set(forms(words, "{count} signal", "{count} signals")) == expected


def test_korean_plurals_are_korean() -> None:
    """The words of the catalogue are found for any number."""
    made = forms(languages()["ko"], "{count} address", "{count} addresses")

    assert made == {"other": "주소 {count}개"}


@pytest.mark.parametrize("demo", [True, False])
def test_of_guardians_only_what_somebody_reviewed_is_said(tmp_path: Path, *, demo: bool) -> None:
    """A country stays in the list either way: that nobody has checked it is worth knowing."""
    said = guardians(open_help(tmp_path, date(2030, 1, 1), demo=demo), "ko")

    assert "kr" in {each["code"] for each in said}
    assert any(each["entries"] for each in said) is demo


def test_a_hub_that_is_not_open_offers_no_beginning(served: Served) -> None:
    """No script is loaded, and the page says whom to ask instead."""
    page = served.http.get("/ko/case").text

    assert 'id="not-open"' in page
    assert "case.js" not in page
    assert 'id="journey"' not in page


@pytest.mark.parametrize("offered", [True, False])
def test_keypoints_are_asked_for_only_where_the_hub_takes_them(
    tmp_path: Path, *, offered: bool
) -> None:
    """In the one sentence that is the same everywhere."""
    settings = settings_for(tmp_path, offer_keypoints=offered)
    with serving(settings, DemoClock()) as demo:
        page = demo.http.get("/en/case").text

    assert (KEYPOINTS_SENTENCE["en"] in page) is offered
    assert ('id="choice-keypoints"' in page) is offered


def test_what_saving_and_copying_leave_behind_is_said(tmp_path: Path) -> None:
    """A list of downloads and what was copied last are read by whoever has the phone."""
    with serving(settings_for(tmp_path), DemoClock()) as demo:
        page = demo.http.get("/en/case").text

    assert "list of downloads names this site" in page
    assert "Other apps may read what was copied last" in page


def test_a_translating_browser_gets_nothing_that_she_typed_or_was_given(tmp_path: Path) -> None:
    """Whoever makes the browser would read it on its way to the translation."""
    with serving(settings_for(tmp_path), DemoClock()) as demo:
        page = demo.http.get("/en/case").text

    kept = [tag for tag in re.findall(r"<[^>]+>", page) if 'translate="no"' in tag]
    for name in ("code", "pin", "code-words", "slip", "case-id", "come-back", "document"):
        assert [tag for tag in kept if f' id="{name}"' in tag]
    assert page.count('data-slot="typed"') == sum('data-slot="typed"' in tag for tag in kept)
