"""The newest pictures of a keypoint index, which every search compares as a whole."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from takeback.matching.exact.segment import Ids
from takeback.matching.keypoints.ended import Ended, none_of
from takeback.matching.keypoints.rows import KeypointRows
from takeback.matching.keypoints.segment import KeypointSegment
from takeback.matching.keypoints.tables import UNTABLED, build_tables


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
    def of_size(cls, rows: int) -> Self:
        """Return an empty one in memory, for so many keypoints and as many pictures."""
        places = np.zeros((rows, 4), np.uint8)
        room = KeypointRows(
            np.zeros(rows + 1, np.int64), np.zeros((rows, 2), np.uint8), _words(rows), places
        )
        return cls(np.zeros(rows, np.int64), room, none_of(rows))

    def has_room(self, rows: KeypointRows) -> bool:
        """Tell whether these pictures fit as well."""
        keypoints = int(self.rows.first[self.count]) + len(rows.words)
        return self.count + len(rows) <= len(self.ids) and keypoints <= len(self.rows.words)

    def append(self, ids: Ids, rows: KeypointRows) -> None:
        """Add pictures; a search sees them once it is given what is ``shown`` then."""
        own, begin = self.rows, int(self.rows.first[self.count])
        new = slice(self.count, self.count + len(ids))
        fresh = slice(begin, begin + len(rows.words))
        self.ids[new], own.sides[new] = ids, rows.sides
        own.words[fresh], own.places[fresh] = rows.words, rows.places
        own.first[new.start + 1 : new.stop + 1] = begin + rows.first[1:]
        self.count = new.stop

    def shown(self) -> KeypointSegment:
        """Return the pictures that are there now; later ones are not seen in it."""
        end = int(self.rows.first[self.count])
        rows = KeypointRows(
            self.rows.first[: self.count + 1],
            self.rows.sides[: self.count],
            self.rows.words[:end],
            self.rows.places[:end],
        )
        tables, _ = build_tables(rows, self.ended, ((0, UNTABLED),))
        return KeypointSegment(self.ids[: self.count], rows, tables, self.ended, None)


def _words(rows: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return np.zeros((rows, 4), np.uint64)
