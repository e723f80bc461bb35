"""Not open yet: nobody is invited into a hub that can't be reached, reviewed or restored."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from takeback.errors import BadSettings
from takeback.settings import Settings
from takeback.web.portal.front import lacking
from takeback.web.portal.help.countries import our_page

TODAY: Final = date(2026, 12, 1)
LANGUAGES: Final = ("en", "ko")
RECIPIENT: Final = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def ready(folder: Path) -> Settings:
    """Return the settings of a hub that lacks nothing."""
    reviewed = our_page("us").replace("[[entry]]", "[[entry]]\nreviewer = 'Kim'\n", 1)
    pages = folder / "portal" / "help"
    pages.mkdir(parents=True)
    (pages / "us.toml").write_text(
        reviewed.replace("mark =", "reviewed_on = 2026-11-30\nmark =", 1)
    )
    return Settings(
        data=folder,
        contact="02-000-0000, Monday to Friday",
        public_url="https://takeback.example",
        backup_recipient=RECIPIENT,
    )


def what(settings: Settings) -> Sequence[str]:
    """Return what the hub lacks, in words."""
    return [each.what for each in lacking(settings, LANGUAGES, TODAY)]


def test_a_hub_that_lacks_nothing_is_open(tmp_path: Path) -> None:
    """The other tests take one thing away from it."""
    assert what(ready(tmp_path)) == []


def test_a_new_hub_lacks_everything_that_has_no_safe_default(tmp_path: Path) -> None:
    """And the operator reads all of it at once."""
    assert what(Settings(data=tmp_path)) == ["contact", "help pages", "https", "backups"]


def test_somebody_must_be_reachable(tmp_path: Path) -> None:
    """Spaces are nobody."""
    assert what(replace(ready(tmp_path), contact="  ")) == ["contact"]


def test_somebody_must_be_reachable_in_every_language(tmp_path: Path) -> None:
    """A contact in Korean alone leaves whoever reads English without one."""
    settings = replace(ready(tmp_path), contact="")
    (tmp_path / "portal" / "texts.ko.toml").write_text('contact = "전화 02-000-0000"')
    assert what(settings) == ["contact"]

    (tmp_path / "portal" / "texts.en.toml").write_text('contact = "Call 02-000-0000"')
    assert what(settings) == []


def test_somebody_must_have_reviewed_some_help(tmp_path: Path) -> None:
    """Else every help page is empty."""
    settings = ready(tmp_path)
    (tmp_path / "portal" / "help" / "us.toml").unlink()

    assert what(settings) == ["help pages"]


@pytest.mark.parametrize("address", ["", "http://takeback.example"])
def test_code_and_pin_must_not_travel_in_the_clear(tmp_path: Path, address: str) -> None:
    """The address that people are given is an encrypted one."""
    assert what(replace(ready(tmp_path), public_url=address)) == ["https"]


def test_an_onion_address_is_encrypted_already(tmp_path: Path) -> None:
    """Without TLS on top."""
    assert what(replace(ready(tmp_path), public_url="http://abc.onion")) == []


@pytest.mark.parametrize("recipient", ["", "age1", "backups@takeback.example"])
def test_a_broken_disk_must_not_end_the_protection(tmp_path: Path, recipient: str) -> None:
    """A recipient that no backup could be made for is none."""
    assert what(replace(ready(tmp_path), backup_recipient=recipient)) == ["backups"]


def test_texts_must_not_be_kept_for_ever(tmp_path: Path) -> None:
    """Ten years are the most."""
    settings = ready(tmp_path)

    assert what(replace(settings, retention_days=3_650)) == []
    assert what(replace(settings, retention_days=3_651)) == ["retention"]


def test_every_thing_that_is_missing_comes_with_what_to_do(tmp_path: Path) -> None:
    """One sentence."""
    settings = Settings(data=tmp_path, retention_days=10_000)

    found = lacking(settings, LANGUAGES, TODAY)

    assert len(found) == 5
    assert all(each.why and each.hint.endswith(".") for each in found)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("texts.en.toml", 'title = "Centre"', "unknown field `title`"),
        ("texts.en.toml", "about = 3", "Expected `str`"),
        ("texts.en.toml", f'about = "{"x" * 4_001}"', "about"),
        ("texts.xx.toml", "", "the portal speaks en, ko"),
    ],
)
def test_a_wrong_text_of_the_operators_is_named(
    tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    """Rather than a page that lacks it."""
    settings = ready(tmp_path)
    (tmp_path / "portal" / name).write_text(text)

    with pytest.raises(BadSettings, match=f"^{name}: ") as refused:
        what(settings)

    assert complaint in str(refused.value)


def test_a_first_page_in_a_language_that_nobody_wrote_is_refused(tmp_path: Path) -> None:
    """At the start, and not as an empty address to whoever comes."""
    with pytest.raises(BadSettings, match="TAKEBACK_PORTAL_LANGUAGE: the portal speaks en, ko"):
        what(replace(ready(tmp_path), portal_language="fr"))


def test_what_an_editor_left_behind_is_no_text(tmp_path: Path) -> None:
    """A spare copy beside the file changes nothing."""
    settings = ready(tmp_path)
    (tmp_path / "portal" / "texts.en.toml~").write_text("nonsense")

    assert what(settings) == []
