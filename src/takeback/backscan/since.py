"""The other way round: what was registered after a cursor is looked for in a kept library.

Pictures and frames of videos are compared whole, in the eight ways in which the scan kept
them; by keypoints, trimmed views and runs of frames the library is found by a scan alone.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from takeback.backscan import cursors
from takeback.backscan.arrow import Table
from takeback.backscan.bank import BankKind, Entry, Newer
from takeback.backscan.cursors import Cursor
from takeback.backscan.library import Library, writing
from takeback.backscan.plan import PART, BankFacts, settle
from takeback.backscan.results import held
from takeback.backscan.tables import HITS, Rows, hits_of
from takeback.hashing.place import Place
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.matching.evidence import Evidence, judge_distance, judge_frame
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.lookup.found import Found
from takeback.matching.lookup.turns import quad_of

BATCH: Final = 10_000
"""Entries that are looked for in one call."""

LIMIT: Final = 100
"""Signals of the library from which on an entry is looked for by itself."""

MOST: Final = 100_000
"""Signals of the library that are taken of one entry, the nearest ones; ``more`` tells of it."""

PIECE: Final = 100_000
"""Signals from which on what is found is written before more is looked at."""

WHOLE: Final = Place(0.0, 0.0, 1.0, 1.0)


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found."""

    since: int
    next: int
    """The cursor for the next search."""

    entries: int
    """Entries that were looked for."""

    signals: int
    """Signals of the library."""

    hits: int
    """Files of the library and entries that match, pair by pair."""

    seconds: float
    results: str | None
    """The file of the hits, if there are any."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """The signals of the library that are near one entry's."""

    entry: Entry
    entry_id: int
    found: list[tuple[int, int, int]]
    """Of each: nothing, its id, the distance in bits."""

    more: bool
    """Whether there are others."""


@dataclass(frozen=True, slots=True)
class Near:
    """One signal of the library that is near one entry's."""

    distance: int
    turn: int
    milliseconds: int | None


@dataclass(slots=True)
class Pair:
    """One file of the library and one entry, with all that brings them together."""

    path: str | None
    entry: Entry
    more: bool
    near: list[Near] = field(default_factory=list)
    tried: int = 0
    """Frames of the file, if it is a video."""

    def evidence(self) -> Evidence | None:
        """Return what the nearest is worth, as a matcher would say of an upload."""
        nearest = min(self.near, key=lambda near: (near.distance, near.turn))
        times = [each.milliseconds for each in self.near if each.milliseconds is not None]
        if not times:
            place = quad_of(WHOLE, nearest.turn)
            return judge_distance(nearest.distance, "whole", self.entry.view, place)
        judged = judge_distance(nearest.distance, "whole", self.entry.view, quad_of(WHOLE, 0))
        span = (min(times) / 1000, max(times) / 1000)
        return None if judged is None else judge_frame(judged, self.tried, span)


def search(
    library: Path, since: int | None, bank: Path, bank_kind: BankKind, out: Path
) -> Searched:
    """Look in a library for what came to a bank after a cursor, and write down what is found.

    Args:
        library: a folder that ``library.finish`` made whole.
        since: the cursor; 0 for everything, None for where the last search into *out* ended.
        bank: where the bank lies.
        bank_kind: how it is read.
        out: the folder for the hits, one file of the same form as a scan's, and for the cursor.

    Raises:
        Conflict: another search or scan is at work in the folder.
        OtherScan: the last search was in another bank.
        MalformedCursor: the bank never was so far, so the cursor is another bank's.
        UnreadableInput: the library or the bank is none.
        IntegrityFailure: the library is damaged.
    """
    began = time.monotonic()
    with held(out):
        opened, facts = Library.open(library), bank_kind.facts(bank)
        begin = cursors.begin(out, opened.kept, facts) if since is None else since
        cursors.check(begin, facts)
        arriving = _Arriving(facts.mark, bank_kind.newer(bank, begin))
        hits, results = _written(opened, begin, facts, arriving, out)
        cursors.write(out, opened.kept, Cursor(next=arriving.last, instance=facts.instance))
    return Searched(
        since=begin,
        next=arriving.last,
        entries=arriving.count,
        signals=opened.kept.signals,
        hits=hits,
        seconds=round(time.monotonic() - began, 3),
        results=None if results is None else str(results),
    )


@dataclass(slots=True)
class _Arriving:
    """What comes from the bank, counted."""

    last: int
    """The cursor after it."""

    newer: Iterator[Newer]
    count: int = 0

    def __iter__(self) -> Iterator[Newer]:
        for newer in self.newer:
            self.count += len(newer.ids)
            self.last = max(self.last, newer.last)
            yield newer


def _written(
    library: Library, since: int, facts: BankFacts, arriving: _Arriving, out: Path
) -> tuple[int, Path | None]:
    """Write the hits piece by piece; return how many there are and where, if there are any."""
    name, hits = f"hits-{cursors.named(library.kept, facts.instance)}-since-{since}", 0
    part = out / f"{name}{PART}"
    with writing(part, HITS) as writer:
        for newer in arriving:
            for piece in _pieces(_nearby(library.index, newer)):
                table = _hits(library, piece)
                writer.write_table(table)
                hits += len(table)
    if not hits:
        part.unlink()
        return 0, None
    results = out / f"{name}-to-{arriving.last}.parquet"
    settle(part, results)
    return hits, results


def _nearby(index: FollowedIndex, newer: Newer) -> Iterator[Nearby]:
    """Yield what is near each entry that is not gone."""
    for begin in range(0, len(newer.ids), BATCH):
        signals = newer.signals[begin : begin + BATCH]
        answer = index.search(signals, MATCH_DISTANCE, limit=LIMIT)
        edges = np.searchsorted(answer.rows["query"], np.arange(len(signals) + 1))
        for query in np.flatnonzero(np.diff(edges)).tolist():
            entry_id = newer.ids[begin + query]
            if entry := newer.entries.get(entry_id):
                found, more = answer.rows[edges[query] : edges[query + 1]].tolist(), False
                if answer.more[query]:
                    found, more = _alone(index, signals[[query]])
                yield Nearby(entry, entry_id, found, more)


def _alone(
    index: FollowedIndex, signal: NDArray[np.uint8]
) -> tuple[list[tuple[int, int, int]], bool]:
    answer = index.search(signal, MATCH_DISTANCE, limit=MOST)
    return list(answer), bool(answer.more[0])


def _pieces(nearby: Iterable[Nearby]) -> Iterator[list[Nearby]]:
    """Put entries together until there is enough to be worth a look at the library's parts."""
    piece: list[Nearby] = []
    signals = 0
    for each in nearby:
        piece.append(each)
        signals += len(each.found)
        if signals >= PIECE:
            yield piece
            piece, signals = [], 0
    if piece:
        yield piece


def _hits(library: Library, piece: list[Nearby]) -> Table:
    """Return the hits of some entries."""
    rows = Rows(HITS)
    for (row, _), pair in sorted(_pairs(library, piece).items(), key=lambda each: each[0]):
        if evidence := pair.evidence():
            for hit in hits_of(Found(((pair.entry, evidence),), more=pair.more)):
                rows.add(row, pair.path, **hit)
    return rows.table()


def _pairs(library: Library, piece: list[Nearby]) -> Mapping[tuple[int, int], Pair]:
    """Find which files and entries belong together, by row and id."""
    near: dict[int, list[tuple[Nearby, int]]] = {}
    for nearby in piece:
        for _, kept_id, distance in nearby.found:
            near.setdefault(kept_id, []).append((nearby, distance))
    pairs: dict[tuple[int, int], Pair] = {}
    for kept_id, row, tried in _kept(library, sorted(near)):
        for nearby, distance in near[kept_id]:
            fresh = Pair(row["path"], nearby.entry, nearby.more)
            pair = pairs.setdefault((row["row"], nearby.entry_id), fresh)
            pair.near.append(Near(distance, row["turn"], row["milliseconds"]))
            pair.tried = tried
    return pairs


def _kept(library: Library, ids: list[int]) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield each id with its row of the library, and how many signals its file has."""
    remaining = iter(ids)
    for table, places in library.rows(ids):
        counts = Counter(table.column("row").to_pylist())
        for row in table.drop_columns(["signal"]).take(places).to_pylist():
            yield next(remaining), row, counts[row["row"]]
