"""Which bank a path stands for: a matcher's data directory, or a list."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from takeback.backscan.bank import Bank, BankKind, Newer, as_it_is
from takeback.backscan.listed import LISTED
from takeback.backscan.plan import BankFacts
from takeback.cli.backscan import newcomers
from takeback.errors import UnreadableInput
from takeback.matcher.banks import followed
from takeback.matcher.statereader import FILE_NAME, Held, StateReader


@dataclass(frozen=True, slots=True)
class MatcherEntry:
    """An entry that a matcher follows."""

    number: str
    hub: str
    bank: str
    ask: str
    view: str
    vouched: bool


@dataclass(frozen=True, slots=True)
class MatcherEntries:
    """The entries of a matcher's state file as it is now: what was withdrawn is not there."""

    reader: StateReader
    hubs: Mapping[int, str]

    def held(self, ids: Sequence[int], /) -> Mapping[int, MatcherEntry]:
        """Return what is known of the entries; one that is gone is left out."""
        known = self.reader.held(ids)
        return {number: _entry(held, self.hubs) for number, held in known.items()}

    def vouched(self, ids: Sequence[int], /) -> Sequence[int]:
        """Return those whose hub asks for removal."""
        return self.reader.vouched(ids)


def facts(directory: Path) -> BankFacts:
    """Return which matcher's it is: who follows other hubs, or began anew, has another bank.

    Raises:
        NotReady: no matcher of this release ever ran there.
        IntegrityFailure: its state file is damaged.
    """
    reader = StateReader(directory, only_read=True)
    try:
        told_by = "\n".join([reader.instance(), *sorted(reader.sources().values())])
        return BankFacts(
            path=str(directory),
            identity=hashlib.sha256(told_by.encode()).hexdigest(),
            mark=reader.newest(),
            instance=reader.instance(),
        )
    finally:
        reader.close()


def open_matcher(directory: Path) -> Bank:
    """Open the indexes that the matcher's keeper writes, whether it runs or not.

    Raises:
        NotReady: no matcher ever held a bank there, or its index is being made.
        IntegrityFailure: something there is damaged.
    """
    banks = followed(directory)
    entries = MatcherEntries(banks.reader, _hubs(banks.reader))
    return Bank(banks.indexes, entries, banks.catch_up)


def newer(directory: Path, since: int) -> Iterator[Newer]:
    """Read what came to a matcher's bank after a cursor."""
    return newcomers.newer(directory, since, lambda reader: MatcherEntries(reader, _hubs(reader)))


MATCHER: Final = BankKind(facts, as_it_is, open_matcher, newer)
"""A matcher's data directory."""


def kind_of(path: Path) -> BankKind:
    """Return how the bank at *path* is opened.

    Raises:
        UnreadableInput: there is none.
    """
    if path.is_file():
        return LISTED
    if (path / FILE_NAME).is_file():
        return MATCHER
    refused = UnreadableInput("there is no bank at that place")
    refused.hint = "Give a matcher's data directory, or a Parquet file of numbers and signals."
    raise refused


def _hubs(reader: StateReader) -> dict[int, str]:
    """Return what each source is called: host, port and path of its address."""
    parts = {number: urlsplit(url) for number, url in reader.sources().items()}
    return {number: url.netloc + url.path for number, url in parts.items()}


def _entry(held: Held, hubs: Mapping[int, str]) -> MatcherEntry:
    hub = hubs.get(held.source, "")
    return MatcherEntry(held.number, hub, held.bank, held.ask, held.view, held.vouched)
