"""The newest pictures of a keypoint index, which every search compares as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from takeback.matching.exact.segment import Ids
from takeback.matching.keypoints.ended import Ended, none_of
from takeback.matching.keypoints.rows import KeypointRows
from takeback.matching.keypoints.segment import KeypointSegment
from takeback.matching.keypoints.tables import UNTABLED, build_tables

Columns = dict[str, tuple[DTypeLike, tuple[int, ...]]]


@dataclass(slots=True, eq=False)
class KeypointTail:
    """Pictures in the order of their arrival, up to a fixed number of keypoints and of pictures.

    Its arrays have room for all of them from the beginning.
    """

    ids: Ids
    rows: KeypointRows
    ended: Ended
    count: int = 0
    """How many pictures there are."""

    @classmethod
    def columns(cls, rows: int) -> Columns:
        """Return type and shape of each of its arrays, for so many keypoints."""
        return {
            "ids": (np.int64, (rows,)),
            "first": (np.int64, (rows + 1,)),
            "sides": (np.uint8, (rows, 2)),
            "words": (np.uint64, (rows, 4)),
            "places": (np.uint8, (rows, 4)),
            "ended": (np.uint64, none_of(rows).shape),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the tail that lies in arrays of these columns, zero at first."""
        rows = KeypointRows(**{each.name: arrays[each.name] for each in fields(KeypointRows)})
        return cls(arrays["ids"], rows, arrays["ended"])

    @classmethod
    def of_size(cls, rows: int) -> Self:
        """Return an empty one in memory."""
        columns = cls.columns(rows).items()
        return cls.of({name: np.zeros(shape, dtype) for name, (dtype, shape) in columns})

    def has_room(self, rows: KeypointRows) -> bool:
        """Tell whether these pictures fit as well."""
        keypoints = int(self.rows.first[self.count]) + len(rows.words)
        return self.count + len(rows) <= len(self.ids) and keypoints <= len(self.rows.words)

    def holds(self, count: int) -> bool:
        """Tell whether each of the first so many pictures begins where one before it ends."""
        first = self.rows.first[: count + 1]
        ascend = not (first[1:] < first[:-1]).any()
        return bool(ascend and first[0] == 0 and first[-1] <= len(self.rows.words))

    def append(self, ids: Ids, rows: KeypointRows) -> None:
        """Add pictures; a search sees them once it is given what is ``shown`` then."""
        own, begin = self.rows, int(self.rows.first[self.count])
        new = slice(self.count, self.count + len(ids))
        fresh = slice(begin, begin + len(rows.words))
        self.ids[new], own.sides[new] = ids, rows.sides
        own.words[fresh], own.places[fresh] = rows.words, rows.places
        own.first[new.start + 1 : new.stop + 1] = begin + rows.first[1:]
        self.count = new.stop

    def shown(self, count: int | None = None) -> KeypointSegment:
        """Return the first so many pictures, or all that are there now, as one segment."""
        count = self.count if count is None else count
        end = int(self.rows.first[count])
        rows = KeypointRows(
            self.rows.first[: count + 1],
            self.rows.sides[:count],
            self.rows.words[:end],
            self.rows.places[:end],
        )
        tables, _ = build_tables(rows, self.ended, ((0, UNTABLED),))
        return KeypointSegment(self.ids[:count], rows, tables, self.ended, None)
