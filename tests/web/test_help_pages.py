"""Pages that help, as people get them: nothing unreviewed, nothing left unsaid, nothing risky."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest

from takeback.settings import Settings
from takeback.web.demo import DemoClock
from takeback.web.portal.help.countries import our_page
from tests.conftest import FakeClock
from tests.web.conftest import Served, serving, settings_for

LANGUAGES = ("en", "ko")
COUNTRIES = ("anywhere", "au", "eu", "gb", "in", "kr", "us")
UNREVIEWED = {"en": "Not reviewed yet", "ko": "아직 검토되지 않음"}
UNCHECKED = {
    "en": "Nobody has checked this for this place yet.",
    "ko": "이 나라에 대해서는 아직 아무도 확인하지 않았어요.",
}
NOT_OPEN = {"en": "Not open yet", "ko": "아직 열지 않았어요"}
MARKUP = "<b>bold</b> & <script>alert(1)</script>"
TEXTS = f"""
name = "Hanbit {MARKUP}"
contact = "Call 02-345-6789.\\n\\nOr come by."
about = "We are six."
data = "Nobody else reads it."
"""


def reviewed(country: str, entry: str) -> str:
    """Return our page of a country, with one entry reviewed."""
    named = f'id = "{entry}"'
    review = f'{named}\nreviewer = "Kim Seo-yeon"\nreviewed_on = 2020-01-01'
    return our_page(country).replace(named, review)


@contextmanager
def hub(folder: Path, clock: FakeClock | DemoClock, settings: Settings) -> Iterator[Served]:
    """A hub whose operator reviewed what Korea says of guardians, and wrote about themselves."""
    pages = folder / "hub" / "portal" / "help"
    pages.mkdir(parents=True)
    (pages / "kr.toml").write_text(reviewed("kr", "guardians"))
    (pages.parent / "texts.en.toml").write_text(TEXTS)
    with serving(settings, clock) as served:
        yield served


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub that is not open yet: it has no address that is encrypted."""
    folder = tmp_path_factory.mktemp("centre")
    partner = {"under_18_partner": "Child Line", "under_18_partner_url": "https://child.example/"}
    with hub(folder, FakeClock(), settings_for(folder, contact="02-111-1111", **partner)) as served:
        served.platform("Large Photo Site", feed=True, under_18=True)
        served.platform("Small Server")
        gone = served.platform("Gone Site")
        served.hub.platforms.retire(gone.id, served.people()[0])
        yield served


@pytest.fixture(scope="module")
def open_centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub that lacks nothing."""
    folder = tmp_path_factory.mktemp("open")
    settings = settings_for(
        folder,
        contact="02-111-1111",
        public_url="https://takeback.example",
        backup_recipient="age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    )
    with hub(folder, FakeClock(), settings) as served:
        yield served


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demonstration."""
    with serving(settings_for(tmp_path_factory.mktemp("demo")), DemoClock()) as served:
        yield served


def text_of(served: Served, address: str) -> str:
    """Return what a page says, without markup."""
    answer = served.http.get(address)
    assert answer.status_code == 200, address
    return " ".join(unescape(re.sub("<[^>]+>", " ", answer.text)).split())


def links_of(served: Served, address: str) -> set[str]:
    """Return where a page's links lead."""
    return set(re.findall(r'href="([^"]+)"', served.http.get(address).text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_that_helps_is_found_by_following_links(centre: Served, language: str) -> None:
    """Nobody types addresses in; also while the hub is not open yet."""
    found, open_ends = set[str](), [f"/{language}"]
    while open_ends:
        found.add(page := open_ends.pop())
        links = re.findall(rf'href="(/{language}/[a-z0-9/-]+)"', centre.http.get(page).text)
        open_ends += set(links) - found

    wanted = {"safety", "under-18", "help", *(f"help/{country}" for country in COUNTRIES)}
    assert {f"/{language}/{page}" for page in wanted} <= found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_can_be_chosen(centre: Served, language: str) -> None:
    """By a link, in her language; nobody asks where she is."""
    links = links_of(centre, f"/{language}/help")

    assert {f"/{language}/help/{country}" for country in COUNTRIES} <= links


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_outside_a_demonstration_nothing_unreviewed_is_shown(
    centre: Served, language: str, country: str
) -> None:
    """No number to call, no site, no rule: only Korea's guardians were reviewed."""
    text = text_of(centre, f"/{language}/help/{country}")
    outside = {each for each in links_of(centre, f"/{language}/help/{country}") if ":" in each}

    assert UNREVIEWED[language] not in text
    assert outside == set()
    assert ("Kim Seo-yeon" in text) == (country == "kr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_page_says_why_it_is_empty(centre: Served, language: str) -> None:
    """Rather than looking as if there were no help anywhere."""
    assert 'id="nothing-checked"' in centre.http.get(f"/{language}/help/gb").text
    assert 'id="nothing-checked"' not in centre.http.get(f"/{language}/help/kr").text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_a_demonstration_marks_what_nobody_reviewed(
    demonstration: Served, language: str, country: str
) -> None:
    """Each entry by itself, and the page as a whole."""
    html = demonstration.http.get(f"/{language}/help/{country}").text

    assert html.count(UNREVIEWED[language]) >= html.count('<li class="item">') > 0
    assert 'id="not-reviewed"' in html


def test_an_entry_says_where_it_comes_from(demonstration: Served) -> None:
    """Source, how it was read, since when, and when somebody last looked."""
    text = text_of(demonstration, "/en/help/kr")

    assert "Source: government service listing and press, 2025–26" in text
    assert "Read in what others write about it. Last looked at: November 2026." in text
    assert "Holds since: April 17, 2025." in text
    assert "Since when it holds was not written down." in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_under_18s_read_of_guardians_what_somebody_answers_for(
    centre: Served, language: str
) -> None:
    """Of every other place, that nobody has checked it yet."""
    text = text_of(centre, f"/{language}/under-18")

    assert "14" in text
    assert "Kim Seo-yeon" in text
    assert text.count(UNCHECKED[language]) == len(COUNTRIES) - len(("anywhere", "kr"))


def test_under_18s_read_which_platforms_get_their_signals(centre: Served) -> None:
    """Only those with the mark, and the organisation with a list of its own."""
    text = text_of(centre, "/en/under-18")

    assert "Platforms with that mark: Large Photo Site" in text
    assert "Small Server" not in text
    assert "Child Line keeps such a list." in text
    assert "https://child.example/" in links_of(centre, "/en/under-18")


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_platform_for_under_18s_the_page_says_so(
    demonstration: Served, language: str
) -> None:
    """Nobody waits for something that can't happen yet without knowing it."""
    html = demonstration.http.get(f"/{language}/under-18").text

    assert 'id="no-platform"' in html
    assert 'id="under-18-partner"' not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_in_danger_is_sent_to_people_and_to_no_number(centre: Served, language: str) -> None:
    """No emergency number was read anywhere, so none is on the page."""
    text = text_of(centre, f"/{language}/safety")

    assert not re.search(r"\b(112|119|911|999|000)\b", text)
    assert f"/{language}/help" in links_of(centre, f"/{language}/safety")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["", "/case", "/safety", "/under-18"])
def test_a_hub_that_is_not_open_begins_no_case(centre: Served, language: str, page: str) -> None:
    """Its pages say so, whom to reach instead, and load no script that could begin one."""
    answer = centre.http.get(f"/{language}{page}").text

    assert NOT_OPEN[language] in answer
    assert "case.js" not in answer
    assert f'href="/{language}/case"' not in answer
    assert ("02-345-6789" if language == "en" else "02-111-1111") in answer


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["", "/safety", "/under-18"])
def test_a_hub_that_lacks_nothing_is_open(open_centre: Served, language: str, page: str) -> None:
    """The way to a case is there."""
    answer = open_centre.http.get(f"/{language}{page}").text

    assert NOT_OPEN[language] not in answer
    assert f'href="/{language}/case"' in answer


def test_devices_are_answered_before_the_pages_open(centre: Served) -> None:
    """A centre can open a case together with somebody, by command line, from the first day."""
    assert centre.open_case("0f" * 32).code


def test_the_page_says_who_runs_the_hub(centre: Served) -> None:
    """Name, contact, their own words, how long texts are kept, and the platforms."""
    text = text_of(centre, "/en/about")

    for said in (
        "Call 02-345-6789.",
        "Or come by.",
        "We are six.",
        "Nobody else reads it.",
        "until 90 days after your case is closed",
        "Large Photo Site also for pictures of under-18s",
        "Small Server",
    ):
        assert said in text
    assert "Gone Site" not in text


@pytest.mark.parametrize("page", ["", "/about", "/case"])
def test_what_the_operator_wrote_is_text_and_no_markup(centre: Served, page: str) -> None:
    """A slip of theirs, or somebody else's hand, puts no element on a page."""
    answer = centre.http.get(f"/en{page}").text

    assert MARKUP not in answer
    assert "Hanbit &lt;b&gt;bold&lt;/b&gt; &amp; &lt;script&gt;" in answer


@pytest.mark.parametrize("address", ["/en/help/atlantis", "/xx/help", "/en/help/kr.toml"])
def test_there_is_no_help_where_there_is_no_page(centre: Served, address: str) -> None:
    """As for any other address."""
    assert centre.http.get(address).status_code == 404
