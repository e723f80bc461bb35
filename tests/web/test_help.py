"""Help pages: nothing from memory, nothing that nobody answers for, and no hole in a file."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from takeback.errors import BadSettings, NotFound
from takeback.web.portal.help.countries import OURS, Help, open_help, our_page
from takeback.web.portal.help.entry import Entry, said
from takeback.web.portal.help.when import when

TODAY: Final = date(2026, 12, 1)

FACTS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    # Entry: how far it was checked, since when, the numbers in its text, its source's main words.
    "anywhere/stopncii": ("P", "", "", "stopncii.org"),
    "anywhere/take-it-down": ("S", "", "18", "takeitdown.ncmec.org"),
    "au/esafety": ("P", "", "", "esafety.gov.au"),
    "au/online-safety-act": ("P", "", "24", "Online Safety Act 2021, s. 32–33 and 77–78"),
    "eu/guardians": ("P", "2024-02-17", "", "Regulation (EU) 2022/2065, Art. 16(2)(c)"),
    "eu/digital-services-act": (
        "P",
        "2024-02-17",
        "3 7 93 2011",
        "Regulation (EU) 2022/2065, Art. 16",
    ),
    "gb/revenge-porn-helpline": ("P", "", "10 16", "swgfl.org.uk"),
    "gb/report-remove": ("P", "", "18", "iwf.org.uk"),
    "gb/online-safety-act": ("P", "", "16 48 2026", "Online Safety Act s. 10(3A) and 20A"),
    "in/it-rules": ("S", "2026-02-20", "2 20 24 2026", "IT Rules 3(2)(b)"),
    "kr/1366": ("S", "2025-04-17", "24", "government service listing and press, 2025–26"),
    "kr/guardians": ("S", "2020", "14 2020", "a secondary source"),
    "kr/telecommunications-business-act": ("S", "2020-12", "", "Donga, 31 December 2020"),
    "kr/network-act": ("S", "", "30", "Network Act, Art. 44-2"),
    "kr/sexual-violence-prevention-act": (
        "S",
        "2025-04-17",
        "",
        "texts of 17 April 2025 and 23 October 2025",
    ),
    "us/take-it-down-act": ("S", "2026-05-19", "48", "Public Law 119-12, s. 3"),
}
"""What was read, written down a second time: who changes an entry changes it in both places."""

CONTACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "anywhere/stopncii": ("stopncii.org",),
    "anywhere/take-it-down": ("takeitdown.ncmec.org",),
    "au/esafety": ("esafety.gov.au",),
    "gb/report-remove": ("iwf.org.uk",),
    "gb/revenge-porn-helpline": ("0345 6000 459", "revengepornhelpline.org.uk"),
    "kr/1366": ("1366", "02-735-8994", "d4u.stop.or.kr"),
}
"""The only numbers and addresses that anybody may be sent to."""

ENTRY: Final = """
[[entry]]
id = "centre"
kind = "body"
title.en = "Support centre"
text.en = "They help."
source = "their own page"
mark = "P"
effective_from = "2026"
checked_on = "2026-11-30"
"""

REVIEW: Final = 'reviewer = "Kim Seo-yeon, counsel"\nreviewed_on = 2026-11-30\n'
PLACE: Final = '[place]\nen = "Japan"\nko = "일본"\n'


def ours() -> dict[str, Entry]:
    """Return every entry that comes with Takeback, by country and id."""
    pages = open_help(Path("nowhere"), TODAY, demo=True)
    return {
        f"{code}/{entry.id}": entry
        for code, country in pages.countries.items()
        for entry in country.entries
    }


def written(folder: Path, text: str, name: str = "jp", *, demo: bool = False) -> Help:
    """Return the help of an operator who wrote *text* into one file."""
    (folder / f"{name}.toml").write_text(text)
    return open_help(folder, TODAY, demo=demo)


def test_every_entry_is_one_that_was_read_somewhere() -> None:
    """None was added from memory, and none got lost."""
    assert ours().keys() == FACTS.keys()


@pytest.mark.parametrize("name", FACTS)
def test_an_entry_says_what_was_read_and_no_more(name: str) -> None:
    """Its mark, its date, its source; and no number that its source does not have."""
    entry = ours()[name]
    mark, since, numbers, source = FACTS[name]

    assert (entry.mark, entry.effective_from, entry.checked_on) == (mark, since, "2026-11")
    assert source in entry.source
    for language, text in entry.text.items():
        assert numbers_in(text, language) <= set(numbers.split())
    assert numbers_in(entry.text["en"], "en") == set(numbers.split())


def numbers_in(text: str, language: str) -> set[str]:
    """Return the numbers that a text says; Korean writes April as the fourth month."""
    plain = re.sub(r"[0-9]+월", "", text) if language == "ko" else text
    return set(re.findall(r"[0-9]+", plain))


@pytest.mark.parametrize("name", FACTS)
def test_nobody_is_sent_to_a_number_that_nobody_looked_up(name: str) -> None:
    """Telephone numbers and sites are those that were read."""
    assert ours()[name].contacts == CONTACTS.get(name, ())


@pytest.mark.parametrize("name", FACTS)
def test_an_entry_speaks_both_languages(name: str) -> None:
    """Korean in Hangul, politely, where there is a sentence."""
    entry = ours()[name]

    assert entry.title.keys() == entry.text.keys() == {"en", "ko"}
    assert re.search("[가-힣]", entry.text["ko"])
    assert all(re.search(r"요\.?$", each) for each in re.split(r"(?<=[.])\s", entry.text["ko"]))


@pytest.mark.parametrize("name", FACTS)
def test_nobody_answers_for_what_comes_with_takeback(name: str) -> None:
    """A reviewer is a person who looked, so none is named where none did."""
    assert not ours()[name].reviewed


def test_an_entry_without_a_reviewer_is_not_shown(tmp_path: Path) -> None:
    """Not ours and not the operator's own; it waits instead."""
    pages = written(tmp_path, PLACE + ENTRY)

    assert [country.entries for country in pages.shown() if country.entries] == []
    assert ("jp", "centre") in {(each.country, each.entry) for each in pages.waiting()}
    assert len(pages.waiting()) == len(FACTS) + 1


def test_a_demonstration_shows_what_nobody_reviewed(tmp_path: Path) -> None:
    """So that a centre can see what there is to review."""
    pages = open_help(tmp_path, TODAY, demo=True)

    assert sum(len(country.entries) for country in pages.shown()) == len(FACTS)


def test_an_entry_that_somebody_answers_for_is_shown(tmp_path: Path) -> None:
    """In a country of the operator's own, and it waits no longer."""
    pages = written(tmp_path, PLACE + ENTRY + REVIEW)

    [entry] = pages.country("jp").entries
    assert (entry.reviewer, entry.reviewed_on) == ("Kim Seo-yeon, counsel", date(2026, 11, 30))
    assert "jp" not in {each.country for each in pages.waiting()}
    assert pages.reviewed() == 1


def test_a_reviewed_copy_takes_the_place_of_ours(tmp_path: Path) -> None:
    """Only that entry: the others of the country wait as before."""
    copy = our_page("kr").replace('id = "1366"', f'id = "1366"\n{REVIEW}', 1)

    pages = written(tmp_path, copy, "kr")

    assert [entry.id for entry in pages.country("kr").entries] == ["1366"]
    assert "1366" not in {each.entry for each in pages.waiting() if each.country == "kr"}
    assert len(pages.countries["kr"].entries) == len(ours_of("kr"))


def ours_of(code: str) -> list[str]:
    """Return the ids of our entries for one country."""
    return [name for name in FACTS if name.startswith(f"{code}/")]


def test_guardians_are_spoken_of_only_where_somebody_checked(tmp_path: Path) -> None:
    """Elsewhere the page has to say that nobody has checked it yet."""
    copy = our_page("kr").replace('id = "guardians"', f'id = "guardians"\n{REVIEW}', 1)

    facts = {each.country: each for each in written(tmp_path, copy, "kr").guardians("ko")}

    assert facts["kr"].place.text == "대한민국"
    assert [entry.id for entry in facts["kr"].entries] == ["guardians"]
    assert {code for code, each in facts.items() if each.entries} == {"kr"}
    assert {"au", "eu", "gb", "in", "kr", "us"} <= facts.keys()


def test_under_18s_are_not_sent_to_bodies_for_adults(tmp_path: Path) -> None:
    """Nor to the text of a law."""
    pages = open_help(tmp_path, TODAY, demo=True)

    shown = {entry.id for country in pages.for_under_18("ko") for entry in country.entries}

    assert shown == {"1366", "report-remove", "take-it-down", "esafety"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("source = ", "sauce = "), "unknown field `sauce`"),
        (('source = "their own page"\n', ""), "missing required field `source`"),
        (('"their own page"', '""'), "source"),
        (('mark = "P"', 'mark = "M"'), "mark"),
        (('"2026-11-30"', '"yesterday"'), "checked_on"),
        (('title.en = "Support centre"', 'title.en = ""'), "an empty title"),
        (('text.en = "They help."', 'text.ko = "도와요."'), "different languages"),
        (('id = "centre"', 'id = "../centre"'), "id"),
        (('kind = "body"', 'kind = "rumour"'), "kind"),
        (('mark = "P"', 'mark = "P"\nreviewer = "Kim"'), "reviewer and reviewed_on"),
        (('mark = "P"', 'mark = "P"\nreviewed_on = 2026-11-30'), "reviewer and reviewed_on"),
        (('mark = "P"', 'mark = "P"\nreviewer = " "\nreviewed_on = 2026-11-30'), "reviewer"),
        (
            ('mark = "P"', 'mark = "P"\nreviewer = "Kim"\nreviewed_on = 2027-01-01'),
            "entry centre: reviewed_on is a day that is yet to come",
        ),
        (('mark = "P"', 'mark = "P"\ncontacts = ["javascript:alert(1)"]'), "contacts"),
        (("[[entry]]", ENTRY + "[[entry]]"), "entry centre is there twice"),
        (("[[entry]]", "[[entry"), "jp.toml"),
    ],
)
def test_a_wrong_file_is_named_with_the_place_in_it(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    """An operator finds the mistake; nobody reads a page with a hole in it."""
    text = PLACE + ENTRY

    with pytest.raises(BadSettings, match=r"^jp\.toml: ") as refused:
        written(tmp_path, text.replace(*change))

    assert complaint in str(refused.value)
    assert "docs/how-to/open-a-portal.md" in refused.value.hint


def test_a_new_country_needs_a_name(tmp_path: Path) -> None:
    """A link without words helps nobody."""
    with pytest.raises(BadSettings, match=r"jp\.toml: what the country is called is missing"):
        written(tmp_path, ENTRY)


def test_a_file_too_large_to_be_a_page_is_refused(tmp_path: Path) -> None:
    """Before it is parsed."""
    with pytest.raises(BadSettings, match=r"jp\.toml: larger than 128 kB"):
        written(tmp_path, PLACE + "#" * 128 * 1024)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file in another encoding shows no broken letters."""
    (tmp_path / "jp.toml").write_bytes(PLACE.encode("euc-kr"))

    with pytest.raises(BadSettings, match=r"jp\.toml: "):
        open_help(tmp_path, TODAY, demo=False)


def test_there_is_no_page_of_a_place_that_there_is_not() -> None:
    """As for any other address."""
    with pytest.raises(NotFound):
        open_help(Path("nowhere"), TODAY, demo=True).country("atlantis")
    with pytest.raises(NotFound):
        our_page("../kr")


def test_words_fall_back_to_english_and_say_so() -> None:
    """A screen reader then reads them as English."""
    assert said({"en": "Centre", "ko": "센터"}, "ko").text == "센터"
    assert (said({"en": "Centre"}, "ko").text, said({"en": "Centre"}, "ko").language) == (
        "Centre",
        "en",
    )
    assert said({"ja": "センター"}, "ko").language == "ja"


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("2020", "en", "2020"),
        ("2020", "ko", "2020년"),
        ("2020-12", "en", "December 2020"),
        ("2020-12", "ko", "2020년 12월"),
        ("2025-04-17", "en", "April 17, 2025"),
        ("2025-04-17", "ko", "2025년 4월 17일"),
    ],
)
def test_a_day_is_written_as_people_write_it(text: str, language: str, shown: str) -> None:
    """A year stays a year: no day is made up."""
    assert when(text, language) == shown


def test_a_number_is_called_and_a_site_is_opened() -> None:
    """With the telephone's own link, and never without encryption."""
    reached = {each.text: each.href for each in ours()["kr/1366"].reached()}

    assert reached == {
        "1366": "tel:1366",
        "02-735-8994": "tel:02-735-8994",
        "d4u.stop.or.kr": "https://d4u.stop.or.kr",
    }


def test_every_file_of_ours_is_read() -> None:
    """A country is a file, and a file is a country."""
    assert {path.stem for path in OURS.glob("*.toml")} == {name.split("/")[0] for name in FACTS}
