"""The portal's pages: what they say, in each language, with nothing that could run or leak."""

import gzip
import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import escape, unescape
from pathlib import Path

import httpx2
import pytest

from takeback.accounts.model import Platform
from takeback.accounts.service import Platforms
from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Language
from takeback.web.demo import DemoClock
from takeback.web.edge import HEADERS
from takeback.web.portal.language import languages
from takeback.web.portal.pages import open_pages
from takeback.web.portal.policy import PAGE_POLICY
from takeback.web.portal.verification import pages
from tests.conftest import FakeClock
from tests.web.conftest import Served, serving, settings_for

PAGES = pages(languages())

FIRST_PAGE = 60_000
"""Bytes, compressed, that the first page and all it loads may take."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demonstration, whose portal is open."""
    with serving(settings_for(tmp_path_factory.mktemp("demo")), DemoClock()) as served:
        yield served


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_there_in_its_language(demo: Served, address: str) -> None:
    """With its language and direction, one heading, and the way to every other language."""
    answer = demo.http.get(address)
    language = address[1:3] or "en"

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}" dir="ltr">' in answer.text
    assert answer.text.count("<h1") >= 1
    for other in set(languages()) - {language}:
        there = f"/{other}{address[3:]}"
        assert f'href="{there}" lang="{other}"' in answer.text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_safety_and_who_was_under_18_have_a_link_on_the_first_page(
    demo: Served, language: str
) -> None:
    """Beside each other, before anything is begun."""
    start = demo.http.get(f"/{language}").text

    aside = re.findall(r'<p class="aside">.*?</p>', start)[0]
    assert re.findall(r'href="([^"]+)"', aside) == [f"/{language}/safety", f"/{language}/under-18"]


def test_templates_do_not_change_under_a_running_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that was shown stays as it was, and so does one that was not shown yet."""
    for name in ("seen", "unseen"):
        (tmp_path / f"{name}.html").write_text("as it was")
    monkeypatch.setattr("takeback.web.portal.pages.TEMPLATES", tmp_path)
    opened = open_pages(settings_for(tmp_path), demo=True)
    opened.show("seen.html", "en")

    for name in ("seen", "unseen"):
        (tmp_path / f"{name}.html").write_text("changed by somebody")
        os.utime(tmp_path / f"{name}.html", (0, 0))

    shown = [opened.show(f"{name}.html", "en").content for name in ("seen", "unseen")]
    assert shown == ["as it was", "as it was"]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_holds_the_browser_to_its_policy(demo: Served, address: str) -> None:
    """All headers of every answer, and the policy of pages instead of the empty one."""
    answer = demo.http.get(address)

    expected = {**HEADERS, "content-security-policy": PAGE_POLICY}
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_script_style_or_handler_inside(demo: Served, address: str) -> None:
    """Nothing from another place, nothing that the policy would have to allow."""
    html = demo.http.get(address).text

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<iframe|<img", html, re.I)
    assert (
        re.findall(r'<script(?! type="application/json"| type="module" src="/assets/)', html) == []
    )
    assert re.findall(r'\s(?:src|action)="(?!/)', html) == []


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_neutral_and_can_be_left(demo: Served, address: str) -> None:
    """Title and icon say nothing; the way out is a link that needs no script."""
    html = demo.http.get(address).text
    title = "메모" if address.startswith("/ko") else "Notes"

    assert f"<title>{title}</title>" in html
    assert 'id="leave" href="/leave"' in html
    assert '<link rel="icon" href="/assets/icon.svg"' in html
    assert '<link rel="apple-touch-icon" href="/assets/icon.png"' in html


@pytest.mark.parametrize("address", PAGES)
def test_a_demonstration_is_marked_on_every_page(
    demo: Served, served: Served, address: str
) -> None:
    """And a hub for real cases never is."""
    mark = "시연용이에요." if address.startswith("/ko") else "DEMONSTRATION:"

    assert mark in demo.http.get(address).text
    assert mark not in served.http.get(address).text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_first_page_says_what_this_can_not_reach(demo: Served, language: Language) -> None:
    """The honest limit, and the very sentence of the choice of keypoint signals."""
    limit = {"en": "encrypted rooms", "ko": "암호화된 대화방"}[language]
    html = demo.http.get(f"/{language}").text

    assert limit in html
    assert escape(KEYPOINTS_SENTENCE[language]) in html


def test_a_hub_without_keypoints_does_not_speak_of_them(
    tmp_path: Path, hub_clock: FakeClock
) -> None:
    """Where the operator takes none, nobody is asked."""
    with serving(settings_for(tmp_path, offer_keypoints=False), hub_clock) as served:
        html = served.http.get("/en").text

    assert escape(KEYPOINTS_SENTENCE["en"]) not in html


def test_a_hub_that_is_not_open_offers_no_beginning(served: Served, demo: Served) -> None:
    """It says so instead; a receipt can still be read."""
    closed, opened = served.http.get("/en").text, demo.http.get("/en").text

    assert 'id="begin"' not in closed
    assert "Not open yet" in closed
    assert 'id="read-receipt"' in closed
    assert 'id="begin"' in opened
    assert "Not open yet" not in opened


def test_the_first_language_is_the_operator_s_choice(tmp_path: Path, hub_clock: FakeClock) -> None:
    """Never the browser's, and never a guess where somebody is."""
    with serving(settings_for(tmp_path, portal_language="ko"), hub_clock) as served:
        first = served.http.get("/", headers={"accept-language": "en"})

    assert '<html lang="ko"' in first.text


@pytest.mark.parametrize("address", ["/xx", "/xx/about", "/en/nothing", "/ko/help/xx", "/EN"])
def test_what_is_not_there_is_not_found(served: Served, address: str) -> None:
    """Also a language that the portal does not speak."""
    assert served.http.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/ko/nothing", "/ko/help/xx", "/ko/a/b/c"])
def test_a_person_who_is_lost_finds_a_page(served: Served, address: str) -> None:
    """In the language of the address, with the way to the start and the way out."""
    answer = served.http.get(address)

    assert answer.status_code == 404
    assert "그런 페이지가 없어요" in answer.text
    assert 'href="/ko" id="to-start"' in answer.text
    assert 'id="leave"' in answer.text
    assert answer.headers["content-security-policy"] == PAGE_POLICY


def test_a_program_that_is_lost_finds_a_problem_document(served: Served) -> None:
    """Where no language is named."""
    for address in ("/xx/about", "/v1/nothing", "/nothing"):
        answer = served.http.get(address)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_repeats_nothing_of_its_address(served: Served) -> None:
    """What a link drags along is ignored, and stands nowhere in the answer."""
    plain = served.http.get("/en/about")
    dragged = served.http.get("/en/about?fbclid=%3Cscript%3Ealert(1)")

    assert dragged.text == plain.text


def test_the_first_page_is_small(demo: Served) -> None:
    """With everything it loads: style, script, icon, manifest."""
    for language in languages():
        html = demo.http.get(f"/{language}").text
        loaded = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', html))
        sizes = [len(gzip.compress(demo.http.get(each).content)) for each in loaded]

        assert len(loaded) == 5
        assert len(gzip.compress(html.encode())) + sum(sizes) < FIRST_PAGE


def test_leaving_forgets_and_leads_away(served: Served) -> None:
    """Without a script: 303 to the neutral site, and the browser erases what it kept of us."""
    answer = served.http.get("/leave")

    assert answer.status_code == 303
    assert answer.headers["location"] == served.hub.settings.exit_url
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.content == b""


def test_a_page_that_waits_for_the_database_keeps_nobody_else_waiting(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that lists the platforms is made beside the requests of everybody else."""
    asked, answers = threading.Event(), threading.Event()

    def slow(_platforms: Platforms) -> list[Platform]:
        asked.set()
        answers.wait(10)
        return []

    monkeypatch.setattr(Platforms, "list", slow)
    with ThreadPoolExecutor(1) as reader:
        page = reader.submit(httpx2.get, f"{served.url}/en/about")
        assert asked.wait(10)
        alive = served.http.get("/health", timeout=5)
        answers.set()
        assert (alive.status_code, page.result().status_code) == (200, 200)


def test_the_pages_say_truthfully_what_they_can_not_do(demo: Served) -> None:
    """A watched device, a changed page, the operator; and what leaving does not erase."""
    threats = unescape(demo.http.get("/en/threat-model").text)
    about = unescape(demo.http.get("/en/about").text)

    for said in ("an app on this phone", "another page that does send", "can read the signals"):
        assert said in threats
    for said in ("list of pages you visited", "screenshot", "list of open apps", "keyboard"):
        assert said in about
    assert "<noscript>" in about
    assert "going back does lead here" in about


def test_the_digests_are_on_the_page_about_checking(demo: Served) -> None:
    """Of every file, under the names that they are served by."""
    html = demo.http.get("/en/verify").text
    listed = dict(
        re.findall(r"<dt><code>([^<]+)</code></dt>\s*<dd><code>([^<]+)</code></dd>", html)
    )

    assert {"portal.css", "leave.js", "case.js", "receipt.js", "signals.js", "proof.js"} <= set(
        listed
    )
    for name, digest in listed.items():
        assert digest.startswith("sha384-"), name


def test_a_page_takes_no_body(served: Served) -> None:
    """Pages are read, not written to; a form has an address of its own."""
    assert served.http.request("GET", "/en/about", content=b"x").status_code == 400
    assert served.http.post("/en/about", content=b"x").status_code == 405
