"""The other way round: what was registered after a cursor is looked for in a kept library.

Pictures and frames of videos are compared whole, in the eight ways in which the scan kept
them; by keypoints, trimmed views and runs of frames the library is found by a scan alone.
"""

import hashlib
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from takeback.backscan.arrow import Table
from takeback.backscan.bank import BankKind, Entry, Newer
from takeback.backscan.library import Kept, Library, read, write
from takeback.backscan.tables import HITS, Rows, hits_of
from takeback.errors import MalformedCursor
from takeback.hashing.place import Place
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.matching.evidence import Evidence, judge_distance, judge_frame
from takeback.matching.exact.followed import FollowedIndex
from takeback.matching.lookup.found import Found
from takeback.matching.lookup.turns import quad_of

LIMIT: Final = 1_000
"""Signals of the library from which an entry is looked up by itself: all of them are hits."""

BATCH: Final = 10_000
"""Signals that are looked up in one call."""

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
    results: str


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
    near: list[Near] = field(default_factory=list)
    tried: int = 0
    """Frames of the file, if it is a video."""

    def evidence(self, entry: Entry) -> Evidence | None:
        """Return what the nearest is worth, as a matcher would say of an upload."""
        nearest = min(self.near, key=lambda near: (near.distance, near.turn))
        times = [each.milliseconds for each in self.near if each.milliseconds is not None]
        if not times:
            place = quad_of(WHOLE, nearest.turn)
            return judge_distance(nearest.distance, "whole", entry.view, place)
        judged = judge_distance(nearest.distance, "whole", entry.view, quad_of(WHOLE, 0))
        span = (min(times) / 1000, max(times) / 1000)
        return None if judged is None else judge_frame(judged, self.tried, span)


def cursor(library: Path, out: Path) -> int:
    """Return where to go on: where the last search into *out* ended, else the library's scan.

    Raises:
        UnreadableInput: there is no library.
        IntegrityFailure: it is damaged, or of a later release.
    """
    kept = read(library)
    name = re.compile(re.escape(_name(kept)) + r"-\d+-to-(\d+)\.parquet")
    ends = (name.fullmatch(path.name) for path in out.glob("hits-*.parquet"))
    return max((int(end[1]) for end in ends if end), default=kept.mark)


def search(library: Path, since: int, bank: Path, bank_kind: BankKind, out: Path) -> Searched:
    """Look in a library for what came to a bank after a cursor, and write down what is found.

    Args:
        library: a folder that ``library.finish`` made whole.
        since: the cursor; 0 for everything.
        bank: where the bank lies.
        bank_kind: how it is read.
        out: the folder for the hits, one file of the same form as a scan's.

    Raises:
        MalformedCursor: the bank never was so far, so the cursor is another bank's.
        UnreadableInput: the library or the bank is none.
        IntegrityFailure: the library is damaged.
    """
    began = time.monotonic()
    opened, last = Library.open(library), bank_kind.facts(bank).mark
    if not 0 <= since <= last:
        raise _no_such_cursor()
    tables, entries = [HITS.empty_table()], 0
    for newer in bank_kind.newer(bank, since):
        entries += len(newer.ids)
        last = max(last, newer.last)
        tables.append(_looked_for(opened, newer))
    hits = pa.concat_tables(tables)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    results = out / f"{_name(opened.kept)}-{since}-to-{last}.parquet"
    write(results, hits)
    return Searched(
        since=since,
        next=last,
        entries=entries,
        signals=opened.kept.signals,
        hits=len(hits),
        seconds=round(time.monotonic() - began, 3),
        results=str(results),
    )


def _name(kept: Kept) -> str:
    """Return how the results of a library begin, so that several may share a folder."""
    return f"hits-{hashlib.sha256(kept.plan.encode()).hexdigest()[:8]}-since"


def _no_such_cursor() -> MalformedCursor:
    error = MalformedCursor("the bank was never so far; the cursor is of another one")
    error.hint = "Use 0 to look for everything; what is printed as `next` is the cursor after it."
    return error


def _looked_for(library: Library, newer: Newer) -> Table:
    """Return the hits of some entries."""
    rows = Rows(HITS)
    for begin in range(0, len(newer.ids), BATCH):
        for (row, entry_id), pair in sorted(_pairs(library, newer, begin).items()):
            entry = newer.entries.get(entry_id)
            evidence = pair.evidence(entry) if entry else None
            if entry and evidence:
                for hit in hits_of(Found(((entry, evidence),))):
                    rows.add(row, pair.path, **hit)
    return rows.table()


def _pairs(library: Library, newer: Newer, begin: int) -> Mapping[tuple[int, int], Pair]:
    """Find which files and entries belong together, by row and id."""
    near: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for query, kept_id, distance in _near(library.index, newer.signals[begin : begin + BATCH]):
        near[kept_id].append((query, distance))
    pairs: dict[tuple[int, int], Pair] = {}
    for kept_id, row, tried in _kept(library, sorted(near)):
        for query, distance in near[kept_id]:
            pair = pairs.setdefault((row["row"], newer.ids[begin + query]), Pair(row["path"]))
            pair.near.append(Near(distance, row["turn"], row["milliseconds"]))
            pair.tried = tried
    return pairs


def _near(index: FollowedIndex, signals: NDArray[np.uint8]) -> Iterator[tuple[int, int, int]]:
    """Yield every pair that is near: which signal, the id of the library's, the distance."""
    answer = index.search(signals, MATCH_DISTANCE, limit=LIMIT)
    cut = frozenset(np.flatnonzero(answer.more).tolist())
    yield from (each for each in answer if each[0] not in cut)
    for query in cut:
        for _, kept_id, distance in index.search(signals[[query]], MATCH_DISTANCE, limit=None):
            yield query, kept_id, distance


def _kept(library: Library, ids: list[int]) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield each id with its row of the library, and how many signals its file has."""
    remaining = iter(ids)
    for table, places in library.rows(ids):
        counts = Counter(table.column("row").to_pylist())
        for row in table.drop_columns(["signal"]).take(places).to_pylist():
            yield next(remaining), row, counts[row["row"]]
