"""Languages: each one whole, in its own words and forms, and any other by adding files."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import Locale
from litestar import Litestar
from litestar.testing import TestClient

from takeback.app import open_hub
from takeback.errors import NotFound
from takeback.web.portal import routes as portal
from takeback.web.portal.language import languages, named
from takeback.web.portal.verification import NAMES
from tests.conftest import FakeClock
from tests.web.conftest import settings_for
from tests.web.sentences import (
    MARK,
    PSEUDO,
    Sentence,
    parts,
    sentences,
    slots,
    translated,
    write_pseudo,
)

HANGUL = re.compile("[가-힣]")

ALIKE = {"PIN", "{size} kB", "{size} MB"}
"""What is the same in every language."""


@pytest.fixture(scope="module")
def korean() -> dict[Sentence, Sentence]:
    """Every sentence of the Korean files."""
    return dict(translated("ko"))


def test_every_sentence_has_korean(korean: dict[Sentence, Sentence]) -> None:
    """Of every template, with all its forms."""
    assert {each for each in sentences() if each not in korean or not all(korean[each])} == set()


def test_korean_is_korean(korean: dict[Sentence, Sentence]) -> None:
    """No sentence equals its English or lacks Hangul, but for a short list."""
    wrong = [
        sentence
        for sentence, forms in korean.items()
        if not set(sentence) & ALIKE and not all(HANGUL.search(form) for form in forms)
    ]

    assert wrong == []


def test_korean_fills_in_the_same_names(korean: dict[Sentence, Sentence]) -> None:
    """A number or a link that is lost in one language is found here."""
    for sentence, forms in korean.items():
        for form in forms:
            assert slots(form) == slots(sentence[-1]), sentence
            assert form.count("<a ") == sentence[-1].count("<a "), sentence


def test_korean_speaks_politely(korean: dict[Sentence, Sentence]) -> None:
    """Whole sentences end in 해요체: never in plain form, never in the stiff 합쇼체."""
    stiff = re.compile(r"(니다|니까|십시오|[가-힣]다)[.?!]")

    assert [form for forms in korean.values() for form in forms if stiff.search(form)] == []


def test_korean_has_one_plural_form_and_the_files_say_so(
    korean: dict[Sentence, Sentence],
) -> None:
    """Every part, since any of them may be read first."""
    for part in parts("ko"):
        assert "nplurals=1; plural=0;" in part.read_text("utf-8"), part.name
    words = languages()["ko"].translations
    for sentence, forms in korean.items():
        assert len(forms) == 1
        if len(sentence) == 2:
            assert {words.ngettext(*sentence, number) for number in (0, 1, 2, 5)} == set(forms)


def test_no_part_translates_what_nobody_says(korean: dict[Sentence, Sentence]) -> None:
    """A sentence that was changed takes its old translation with it, in programs too."""
    source = "".join(
        path.read_text("utf-8")
        for path in (Path(__file__).parents[2] / "src/takeback/web/portal").rglob("*.py")
    )
    said = sentences()

    assert [each for each in korean if each not in said and f'"{each[0]}"' not in source] == []


def test_no_sentence_stands_in_two_parts() -> None:
    """Who changes one must find it in one place."""
    every = [sentence for sentence, _ in translated("ko")]

    assert [each for each in set(every) if every.count(each) > 1] == []


def test_a_platform_is_called_a_platform(korean: dict[Sentence, Sentence]) -> None:
    """Where the word is first met it is explained; other sites take part in nothing."""
    comparing = re.compile(r"take part|takes part|compare|a match")
    called = {
        each: korean[each]
        for each in sentences()
        if comparing.search(each[0])
        and ("site" in each[0].lower() or "사이트" in "".join(korean[each]))
    }

    [(english, forms)] = called.items()
    assert "Platforms (sites and apps)" in english[0]
    assert "플랫폼(사이트나 앱)" in forms[0]


def test_english_has_its_two_forms() -> None:
    """Without a file of its own."""
    words = languages()["en"].translations

    assert [words.ngettext("day", "days", number) for number in (0, 1, 2)] == [
        "days",
        "day",
        "days",
    ]


def test_a_language_that_there_is_not_is_refused() -> None:
    """As an address that is not there."""
    with pytest.raises(NotFound):
        named(languages(), "xx")


def test_a_case_opened_in_another_language_gets_one_that_it_can_have(pseudo: Path) -> None:
    """What is stored is one of the languages of cases."""
    known = languages(pseudo)

    assert known[PSEUDO].for_case == "en"
    assert languages()["ko"].for_case == "ko"


@pytest.fixture(scope="module")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of languages that has the pseudo-locale only."""
    return write_pseudo(tmp_path_factory.mktemp("locale"))


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, pseudo: Path
) -> Iterator[TestClient[Litestar]]:
    """An open portal that speaks English and the pseudo-locale."""
    settings = settings_for(tmp_path_factory.mktemp("hub"))
    with open_hub(settings, now=FakeClock()) as hub:
        app = Litestar([portal.routes(hub, demo=True, locale=pseudo)], openapi_config=None)
        with TestClient(app) as client:
            yield client


class Shown(HTMLParser):
    """Collects what a page shows or reads aloud, with the language it is in."""

    EMPTY = frozenset({"meta", "link", "input", "br", "hr", "wbr"})
    READ = ("aria-label", "placeholder", "title", "alt")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and what is read aloud of it."""
        given = dict(attrs)
        foreign = given.get("translate") == "no" or given.get("lang", PSEUDO) != PSEUDO
        inside = tag == "script" or foreign or any(exempt for _, exempt in self.open)
        if tag not in self.EMPTY:
            self.open.append((tag, inside))
        if not inside:
            self.texts += [given[name] or "" for name in self.READ if name in given]

    def handle_endtag(self, tag: str) -> None:
        """Close the element and all that was left open in it."""
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Note a text, unless it is marked as another language's or as nobody's."""
        if data.strip() and not any(exempt for _, exempt in self.open):
            self.texts.append(data.strip())


PLACES = "Australia|European Union|India|South Korea|United Kingdom|United States"
FACTS = re.compile(
    rf"takeback|العربية|[\d\s.,:%/·–()-]*|{PLACES}|[a-z0-9.-]+\.[a-z]+|If you say yes, .*"
)
"""What comes from settings and data rather than from words."""


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_there_in_a_new_language_from_right_to_left(
    client: TestClient[Litestar], name: str
) -> None:
    """By one file: direction, every sentence, and all six plural forms."""
    answer = client.get(f"/{PSEUDO}/{name}".rstrip("/"))

    assert answer.status_code == 200
    assert f'<html lang="{PSEUDO}" dir="rtl">' in answer.text
    shown = Shown()
    shown.feed(answer.text)
    inside = "".join(shown.texts)
    assert inside.count(MARK) == inside.count("⟫") > 10


@pytest.mark.parametrize("name", [*NAMES, "help/kr", "help/anywhere"])
def test_no_page_says_what_can_not_be_translated(client: TestClient[Litestar], name: str) -> None:
    """Every text is a sentence of the pseudo-locale, but for names, numbers and data."""
    shown = Shown()
    shown.feed(client.get(f"/{PSEUDO}/{name}".rstrip("/")).text)
    text = re.sub(f"{MARK}[^⟫]*⟫", "", "\n".join(shown.texts), flags=re.DOTALL)

    left = [line.strip() for line in text.splitlines()]
    assert [line for line in left if line and not FACTS.fullmatch(line)] == []


def test_every_plural_form_of_a_language_is_used(pseudo: Path) -> None:
    """Six in the pseudo-locale, as the language that it borrows has."""
    words = languages(pseudo)[PSEUDO].translations
    sentence = next(each for each in sentences() if len(each) == 2)

    assert len(Locale(PSEUDO).plural_form.rules) == 5
    for number in (0, 1, 2, 3, 11, 100):
        assert words.ngettext(*sentence, number).startswith(MARK)


def syllables(word: str) -> int:
    """Count the syllables of an English word, as Flesch's formula does: groups of vowels."""
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    silent = re.search(r"[^aeiouyl]e$|[^aeiouydt]ed$", word.lower()) is not None
    return max(1, groups - silent)


def school_grade(texts: list[str]) -> float:
    """Return the years of school that it takes to read *texts* (Flesch and Kincaid, 1975)."""
    whole = " ".join(text if text.endswith((".", "?", "!")) else f"{text}." for text in texts)
    count = len(re.findall(r"[.?!:;]+(?:\s|$)", whole))
    words = re.findall(r"[A-Za-z’']+", whole)
    per_word = sum(map(syllables, words)) / len(words)
    return 0.39 * len(words) / count + 11.8 * per_word - 15.59


def test_the_measure_of_reading_knows_easy_from_hard() -> None:
    """It would be worth nothing otherwise."""
    easy = ["The cat sat on the mat. It was a nice day."]
    hard = ["Notwithstanding jurisdictional considerations, intermediaries remain accountable."]

    assert school_grade(easy) < 2
    assert school_grade(hard) > 15


@pytest.mark.parametrize("name", NAMES)
def test_a_twelve_year_old_can_read_every_page(client: TestClient[Litestar], name: str) -> None:
    """Grade 7 at most for the whole page, measured over the sentences of our own."""
    shown = Shown()
    shown.feed(client.get(f"/{PSEUDO}/{name}".rstrip("/")).text)
    own = re.findall(f"{MARK}([^⟫]*)⟫", " ".join(shown.texts))

    assert school_grade(own) <= 7.0
