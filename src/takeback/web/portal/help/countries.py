"""Help pages by country: what comes with Takeback, and what the operator's own files put over it.

A file ``help/<country>.toml`` in the operator's folder adds entries to the country of that name
and replaces those with the same id. Entries without a reviewer are for demonstrations only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from msgspec import Struct

from takeback.errors import NotFound
from takeback.web.portal.help.entry import Entry, Said, Spoken, said
from takeback.web.portal.operatorfile import read, wrong

OURS: Final = Path(__file__).parent
ANYWHERE: Final = "anywhere"
"""The file of what helps in any country; every other country's page ends with it."""


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """One file."""

    place: Spoken = {}
    """What the country is called; empty where the operator adds to one of ours."""

    entry: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Country:
    """The help for one country."""

    code: str
    place: Spoken
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that nobody is shown until somebody reviewed it."""

    country: str
    entry: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Guardians:
    """What is known of whether a parent or guardian is told, in one country."""

    country: str
    place: Said
    entries: Sequence[Entry]
    """What may be shown; empty means that nobody has checked it yet."""


@dataclass(frozen=True, slots=True)
class Help:
    """Every country's help, and which of it people are shown."""

    countries: Mapping[str, Country]
    demo: bool = False
    """Whether entries that nobody reviewed are shown too, marked as such."""

    def country(self, code: str) -> Country:
        """Return a country with what may be shown of it.

        Raises:
            NotFound: there is no page for it.
        """
        if code not in self.countries:
            raise NotFound("there is nothing at this address")
        country = self.countries[code]
        return replace(country, entries=[each for each in country.entries if self._shows(each)])

    def shown(self, language: str = "en") -> Sequence[Country]:
        """Return what may be shown: of anywhere first, then by what *language* calls a country."""

        def order(code: str) -> tuple[bool, str]:
            return code != ANYWHERE, said(self.countries[code].place, language).text

        return [self.country(code) for code in sorted(self.countries, key=order)]

    def guardians(self, language: str) -> Sequence[Guardians]:
        """Return what may be said of guardians in each country; *language* names the countries."""
        return [
            Guardians(
                country.code,
                said(country.place, language),
                [each for each in country.entries if each.kind == "guardians"],
            )
            for country in self.shown(language)
            if country.code != ANYWHERE
        ]

    def for_under_18(self, language: str) -> Sequence[Country]:
        """Return the countries with the bodies that under-18s can turn to."""
        shown = self.shown(language)
        found = (replace(each, entries=_for_under_18(each.entries)) for each in shown)
        return [country for country in found if country.entries]

    def reviewed(self) -> int:
        """Count the entries that somebody answers for."""
        return sum(entry.reviewed for _, entry in self._all())

    def waiting(self) -> Sequence[Waiting]:
        """Return the entries that nobody has reviewed yet, by country."""
        return [
            Waiting(country.code, entry.id, said(entry.title, "en").text, entry.source)
            for country, entry in self._all()
            if not entry.reviewed
        ]

    def _all(self) -> Iterable[tuple[Country, Entry]]:
        for code in sorted(self.countries):
            for entry in self.countries[code].entries:
                yield self.countries[code], entry

    def _shows(self, entry: Entry) -> bool:
        return entry.reviewed or self.demo


def open_help(folder: Path, today: date, *, demo: bool) -> Help:
    """Read our help pages and put the operator's over them.

    Args:
        folder: the operator's; it need not be there.
        today: no review may be dated later.
        demo: whether entries that nobody reviewed are shown, marked.

    Raises:
        BadSettings: a file is wrong; the message names it and the place in it.
    """
    countries = {path.stem: _country(path, Country(path.stem, {})) for path in _files(OURS)}
    for path in _files(folder):
        ours = countries.get(path.stem, Country(path.stem, {}))
        countries[path.stem] = _country(path, ours, today)
    return Help(countries, demo)


def our_page(code: str) -> str:
    """Return the text of one of our files, for the operator to copy and review.

    Raises:
        NotFound: there is none for that country.
    """
    if code not in {path.stem for path in _files(OURS)}:
        raise NotFound("there is no help page of that name")
    return (OURS / f"{code}.toml").read_text()


def _country(path: Path, before: Country, today: date = date.max) -> Country:
    """Return the country *before*, with a file's entries over its own."""
    page = read(path, Page)
    _refuse_twice(path, page.entry)
    _refuse_later(path, page.entry, today)
    if not (page.place or before.place):
        raise wrong(path, "what the country is called is missing: [place]")
    over = {each.id: each for each in page.entry}
    kept = [over.pop(each.id, each) for each in before.entries]
    return Country(path.stem, page.place or before.place, [*kept, *over.values()])


def _refuse_twice(path: Path, entries: Sequence[Entry]) -> None:
    ids = [each.id for each in entries]
    for each in ids:
        if ids.count(each) > 1:
            raise wrong(path, f"entry {each} is there twice")


def _refuse_later(path: Path, entries: Sequence[Entry], today: date) -> None:
    for each in entries:
        if each.reviewed_on is not None and each.reviewed_on > today:
            raise wrong(path, f"entry {each.id}: reviewed_on is a day that is yet to come")


def _for_under_18(entries: Sequence[Entry]) -> Sequence[Entry]:
    return [each for each in entries if each.kind == "body" and each.ages != "adult"]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))
