"""The two places where an index keeps its rows: a short tail that grows, segments that do not.

Neither is ever locked. Which rows have ended is a bitmap beside them, given from
outside if others share it: a row whose bit is set is answered no longer, by
whoever looks.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from takeback.matching.exact import places
from takeback.matching.exact.building import remove_positions
from takeback.matching.exact.kernels import Families, Tables
from takeback.matching.exact.layout import Layout, Rows, stride_layout
from takeback.matching.exact.places import FIELDS, Place

Ids = NDArray[np.int64]
Positions = NDArray[np.int64]
Bitmap = NDArray[np.uint64]

NOWHERE: Positions = np.empty(0, np.int64)

UINT32_RANGE = 1 << 32
"""How many different ids four bytes tell apart."""


class Numbers(NamedTuple):
    """Ids as a first one and offsets from it, in four bytes each if their range allows it."""

    first: int
    offsets: NDArray[Any]
    """Shape (n,), uint32 or int64."""

    @classmethod
    def of(cls, ids: Ids) -> Self:
        """Write ascending ids so."""
        if not len(ids):
            return cls(0, np.empty(0, np.uint32))
        first, last = int(ids[0]), int(ids[-1])
        if last - first < UINT32_RANGE:
            return cls(first, (ids - first).astype(np.uint32))
        return cls(0, ids)

    def at(self, positions: NDArray[Any] | slice) -> Ids:
        """Return the ids at *positions*."""
        ids: Ids = self.offsets[positions].astype(np.int64)
        ids += self.first
        return ids

    def find(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids* are among ascending ones, and at what positions."""
        if not len(self.offsets):
            return NOWHERE, NOWHERE
        lowest, highest = (int(self.offsets[end]) + self.first for end in (0, -1))
        likely = np.flatnonzero((ids >= lowest) & (ids <= highest))
        wanted = (ids[likely] - self.first).astype(self.offsets.dtype)
        positions = np.searchsorted(self.offsets, wanted)
        here = self.offsets[positions] == wanted
        return likely[here], positions[here]


class Segment:
    """Rows in ascending order of their ids, searched through tables unless it is small.

    Args:
        numbers: the ids, ascending.
        tables: rows and bitmap, and with a layout what leads to the rows.
        layout: that has dealt the rows, or None.
        families: those of the rows that are in no table.
        health: see the attribute.
    """

    def __init__(
        self,
        numbers: Numbers,
        tables: Tables,
        layout: Layout | None = None,
        families: Families | None = None,
        health: float = 1.0,
    ) -> None:
        self.numbers = numbers
        self.rows = tables.rows
        self.ended = tables.ended
        self.tables = tables
        self.layout = layout
        self.families = families
        self.health = health
        """Mean size of the bucket a row lies in, divided by what it would be of random rows: 1 is
        as good as can be; beyond 1.5 the layout no longer suits what is registered."""
        self.lasting = len(self) - int(np.bitwise_count(self.ended).sum())
        """How many rows have not ended."""
        self.place = self._place()
        """What ``search_places`` is told of this segment."""

    @classmethod
    def plain(cls, ids: Ids, rows: Rows) -> Self:
        """Make a segment that is compared row by row; *ids* ascend."""
        return cls(Numbers.of(ids), plain_tables(rows))

    @classmethod
    def of(
        cls,
        attributes: dict[str, Any],
        arrays: dict[str, NDArray[Any]],
        ended: Bitmap | None = None,
    ) -> Self:
        """Put together what ``arrays`` took apart; nothing is copied.

        Args:
            attributes: as ``arrays`` gave them.
            arrays: likewise, C-contiguous; they may be read-only maps of a file.
            ended: the bitmap of ended rows, which may be a map that others change. Without it,
                no row has ended.
        """
        rows = arrays["rows"]
        tables = plain_tables(rows, ended)
        layout = None
        if attributes["chunks"]:
            layout = stride_layout(attributes["chunks"], attributes["step"])
            tables = tables._replace(**{name: arrays[name] for name in TABLE_ARRAYS})
        families = None
        if "pivots" in arrays:
            families = Families._make([*(arrays[name] for name in FAMILY_ARRAYS), tables.ended])
        numbers = Numbers(attributes["first_id"], arrays["ids"])
        return cls(numbers, tables, layout, families, attributes["health"])

    def arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Take the segment apart: attributes that JSON can hold, and named arrays.

        What ``ended`` says is not among them.
        """
        arrays: dict[str, NDArray[Any]] = {"ids": self.numbers.offsets, "rows": self.rows}
        if self.layout:
            arrays |= {name: getattr(self.tables, name) for name in TABLE_ARRAYS}
        if self.families:
            arrays |= dict(zip(FAMILY_ARRAYS, self.families[:-1], strict=True))
        attributes = {
            "first_id": self.numbers.first,
            "chunks": len(self.layout.widths) if self.layout else 0,
            "step": self.layout.step if self.layout else 0,
            "health": self.health,
        }
        return attributes, arrays

    def __len__(self) -> int:
        return len(self.numbers.offsets)

    @property
    def ids(self) -> Ids:
        """Return the ids of all rows, ended or not."""
        return self.numbers.at(slice(None))

    def ids_at(self, positions: NDArray[Any]) -> Ids:
        """Return the ids of the rows at *positions*."""
        return self.numbers.at(positions)

    def find(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids* are here and have not ended, and at what positions."""
        here, positions = self.numbers.find(ids)
        lasting = ~are_set(self.ended, positions)
        return here[lasting], positions[lasting]

    def end(self, positions: Positions) -> None:
        """Hide rows from every search that comes to them from now on."""
        set_bits(self.ended, positions)
        self.lasting -= len(positions)

    def signals(self, positions: NDArray[Any]) -> Rows:
        """Return a copy of the rows at *positions* as they were added."""
        signals: Rows = self.rows[positions]
        if self.layout:
            self.layout.restore(signals, signals)
        return signals

    def overwrite(self, positions: Positions, noise: Rows) -> None:
        """Put *noise* in place of ended rows, and take them out of the tables.

        A search that began earlier may see old and new bits mixed: for it the row counts as
        present or not, both of which are true of an entry that is being withdrawn.
        """
        if self.layout:
            remove_positions(self.tables, positions)
        if self.families:
            runs = np.flatnonzero(np.isin(self.families.positions, positions))
            self.families.columns[:, runs] = noise[: len(runs)].T
        self.rows[positions] = noise

    def _place(self) -> Place:
        place = np.zeros(FIELDS, np.int64)
        place[places.COUNT] = len(self)
        place[places.ROWS] = address(self.rows, np.uint64)
        place[places.ENDED] = address(self.ended, np.uint64)
        place[places.IDS] = address(self.numbers.offsets, self.numbers.offsets.dtype)
        place[places.WIDE_IDS] = self.numbers.offsets.dtype == np.int64
        place[places.FIRST_ID] = self.numbers.first
        place[places.REACH] = -1
        if self.layout:
            _place_tables(place, self.tables, self.layout)
        if self.families:
            _place_families(place, self.families)
        return place


TABLE_ARRAYS = ("chunks", "directory", "starts", "positions")
FAMILY_ARRAYS = ("pivots", "spans", "runs", "run_positions")


def _place_tables(place: Place, tables: Tables, layout: Layout) -> None:
    place[places.DEAL] = address(layout.deal_table, np.uint64)
    place[places.REACH] = layout.reach
    place[places.CHUNKS] = address(tables.chunks, np.int64)
    place[places.CHUNK_COUNT] = len(tables.chunks)
    place[places.DIRECTORY] = address(tables.directory, np.uint64)
    place[places.DIRECTORY_SIZE] = tables.directory.size
    place[places.STARTS] = address(tables.starts, np.uint32)
    place[places.STARTS_SIZE] = tables.starts.size
    place[places.POSITIONS] = address(tables.positions, np.uint32)
    place[places.POSITIONS_SIZE] = tables.positions.size


def _place_families(place: Place, families: Families) -> None:
    place[places.PIVOTS] = address(families.pivots, np.uint64)
    place[places.PIVOT_COUNT] = len(families.pivots)
    place[places.SPANS] = address(families.spans, np.int64)
    place[places.SPAN_WIDTH] = families.spans.shape[1]
    place[places.RUNS] = address(families.columns, np.uint64)
    place[places.RUN_POSITIONS] = address(families.positions, np.uint32)


class Tail:
    """The newest rows, in the order of their arrival, up to a fixed number.

    Args:
        ids: shape (capacity,), room for ids.
        rows: shape (capacity, 4), room for signals.
        ended: the bitmap, (capacity + 63) // 64 words. All three may be a map that others read.
        size: how many rows are there already.
    """

    def __init__(self, ids: Ids, rows: Rows, ended: Bitmap, size: int = 0) -> None:
        self.ids = ids
        self.rows = rows
        self.ended = ended
        self.size = size
        lasting = np.flatnonzero(~are_set(ended, np.arange(size)))
        self._places = dict(zip(ids[lasting].tolist(), lasting.tolist(), strict=True))

    @classmethod
    def empty(cls, capacity: int) -> Self:
        """Make one in memory."""
        return cls(
            np.empty(capacity, np.int64), np.empty((capacity, 4), np.uint64), zeros(capacity)
        )

    @property
    def lasting(self) -> int:
        """Return how many rows have not ended."""
        return len(self._places)

    def has_room(self, count: int) -> bool:
        """Tell whether *count* more rows fit."""
        return self.size + count <= len(self.ids)

    def append(self, ids: Ids, rows: Rows) -> None:
        """Add rows; a search sees them once it is given a place that counts them."""
        new = slice(self.size, self.size + len(ids))
        self.ids[new], self.rows[new] = ids, rows
        self._places.update(zip(ids.tolist(), range(new.start, new.stop), strict=True))
        self.size = new.stop

    def find(self, ids: Ids) -> tuple[Positions, Positions]:
        """Return which of *ids* are here and have not ended, and at what positions."""
        if not self._places:
            return NOWHERE, NOWHERE
        found = np.array([self._places.get(key, -1) for key in ids.tolist()], np.int64)
        here = np.flatnonzero(found >= 0)
        return here, found[here]

    def end(self, positions: Positions) -> None:
        """Hide rows from every search that comes to them from now on."""
        set_bits(self.ended, positions)
        for position in positions.tolist():
            key = int(self.ids[position])
            if self._places.get(key) == position:
                del self._places[key]

    def signals(self, positions: Positions) -> Rows:
        """Return a copy of the rows at *positions*."""
        return self.rows[positions]

    def overwrite(self, positions: Positions, noise: Rows) -> None:
        """Put *noise* in place of ended rows."""
        self.rows[positions] = noise

    def remaining(self) -> tuple[Ids, Rows]:
        """Return the rows that have not ended."""
        kept = np.fromiter(self._places.values(), np.int64, len(self._places))
        return self.ids[kept], self.rows[kept]

    def place(self, size: int) -> Place:
        """Tell ``search_places`` of the first *size* rows."""
        return tail_place(self.ids, self.rows, self.ended, size)


def tail_place(ids: Ids, rows: Rows, ended: Bitmap, size: int) -> Place:
    """Tell ``search_places`` of the first *size* rows of a tail; ``COUNT`` may be set anew."""
    place = np.zeros(FIELDS, np.int64)
    place[places.COUNT] = size
    place[places.ROWS] = address(rows, np.uint64)
    place[places.ENDED] = address(ended, np.uint64)
    place[places.IDS] = address(ids, np.int64)
    place[places.WIDE_IDS] = 1
    place[places.ANY_ORDER] = 1
    place[places.REACH] = -1
    return place


def plain_tables(rows: Rows, ended: Bitmap | None = None) -> Tables:
    """Give rows the tables of a segment that is compared row by row: none."""
    none = np.empty(0, np.uint32)
    return Tables(
        rows=rows,
        ended=zeros(len(rows)) if ended is None else ended,
        chunks=np.empty((0, 4), np.int64),
        directory=np.empty(0, np.uint64),
        starts=none,
        positions=none,
    )


def zeros(rows: int) -> Bitmap:
    """Make a bitmap of which no bit is set."""
    return np.zeros((rows + 63) // 64, np.uint64)


def are_set(bitmap: Bitmap, positions: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell whose bits are set."""
    shifts = (positions & 63).astype(np.uint64)
    bits: NDArray[np.bool_] = (bitmap[positions >> 6] >> shifts & np.uint64(1)).astype(np.bool_)
    return bits


def set_bits(bitmap: Bitmap, positions: NDArray[Any]) -> None:
    """Set bits, a word at a time; only one writer at a time may do so."""
    bits = np.uint64(1) << (positions & 63).astype(np.uint64)
    np.bitwise_or.at(bitmap, positions >> 6, bits)


def address(array: NDArray[Any], dtype: Any) -> int:  # noqa: ANN401
    """Return where an array lies in memory.

    Raises:
        ValueError: it is not of *dtype*, in one piece and aligned, so compiled code would misread.
    """
    if array.dtype != dtype or not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(f"expected a contiguous array of {np.dtype(dtype)}")
    return int(array.__array_interface__["data"][0])
