"""The index in a directory as all processes but its writer have it: mapped, always up to date."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from takeback.matching.disk.follower import Follower, Loading, View
from takeback.matching.disk.log import Record
from takeback.matching.disk.shared import SharedFile, counted
from takeback.matching.exact.answer import (
    DEFAULT_LIMIT,
    DEFAULT_RADIUS,
    Answer,
    Asked,
    asked,
    undisturbed,
)
from takeback.matching.exact.keeping import KIND, load, replay
from takeback.matching.exact.layout import Rows
from takeback.matching.exact.places import COUNT
from takeback.matching.exact.segment import Bitmap, Ids, Segment, Tail, are_set, tail_place


@dataclass(frozen=True, slots=True, eq=False)
class SeenTail:
    """A tail to which somebody else adds."""

    ids: Ids
    rows: Rows
    ended: Bitmap
    cell: NDArray[np.int64]
    """Shape (1,): how many rows it has."""

    @property
    def count(self) -> int:
        """Return how many rows it has now.

        Raises:
            IntegrityFailure: it says more than there is room for.
        """
        return counted(self.cell, len(self.ids))

    @property
    def lasting(self) -> NDArray[np.int64]:
        """Return where the rows are that have not ended."""
        return np.flatnonzero(~are_set(self.ended, np.arange(self.count)))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is searched until the writer swaps it."""

    view: View[Segment, SeenTail]
    places: NDArray[np.int64]
    """Of ``search_places``; the tail's count is what it was at some time."""


class FollowedIndex:
    """An index that another process changes. Safe to share by threads, and to take into a fork.

    An entry can be found once ``add`` has returned there and cannot once ``withdraw`` has.
    """

    def __init__(self, directory: Path, *, noting: bool = True) -> None:
        self._directory, self._noting = directory, noting
        loading = Loading(load, _shared_tail, _own_tail)
        self._follower = Follower(directory, KIND, loading, noting=noting)
        self._last = _seen(self._follower.view())

    @classmethod
    def open(cls, directory: Path, *, noting: bool = True) -> "FollowedIndex":
        """Open the index in *directory*; who writes it need not run.

        Args:
            directory: the index's own.
            noting: whether what is verified is noted there; else nothing is written.

        Raises:
            NotReady: there is none yet.
            IntegrityFailure: something in it is damaged.
        """
        return cls(directory, noting=noting)

    def __reduce__(self) -> tuple[partial["FollowedIndex"], tuple[Path]]:
        return partial(FollowedIndex, noting=self._noting), (self._directory,)

    def __len__(self) -> int:
        view = self._seen().view
        ended = (int(np.bitwise_count(segment.ended).sum()) for segment in view.places)
        return sum(map(len, view.places)) - sum(ended) + len(view.tail.lasting)

    def __contains__(self, entry_id: int) -> bool:
        view = self._seen().view
        wanted = np.array([entry_id], np.int64)
        in_tail = bool((view.tail.ids[view.tail.lasting] == entry_id).any())
        return in_tail or any(len(segment.find(wanted)[0]) for segment in view.places)

    @property
    def mark(self) -> int:
        """Return what the writer called the last change that a search sees."""
        return self._follower.mark

    def refresh(self) -> None:
        """Let go of files that were replaced, as a search does.

        Raises:
            NotReady: the index is being made anew.
            IntegrityFailure: what the writer put there is damaged.
        """
        self._seen()

    def search(
        self,
        signals: NDArray[np.uint8],
        radius: int = DEFAULT_RADIUS,
        *,
        limit: int | None = DEFAULT_LIMIT,
    ) -> Answer:
        """Find the entries within *radius* bits of each signal; see ``Index.search``.

        Raises:
            MalformedSignal: *signals* is not uint8 of shape (n, 32).
            ValueError: *radius* or *limit* is out of range.
            NotReady: the index is being made anew.
            IntegrityFailure: what the writer put there is damaged.
        """
        question = asked(signals, radius, limit)
        return undisturbed(lambda: self._answer(question), lambda: self._follower.replaced)

    def _answer(self, question: Asked) -> Answer:
        seen = self._seen()  # kept: the search works on addresses of its arrays
        places = seen.places.copy()
        places[-1, COUNT] = seen.view.tail.count
        return question.of(places)

    def _seen(self) -> Seen:
        view = self._follower.view()
        seen = self._last
        if seen.view is not view:
            seen = self._last = _seen(view)
        return seen


def _seen(view: View[Segment, SeenTail]) -> Seen:
    tail = view.tail
    largest_first = sorted(view.places, key=len, reverse=True)
    places = [segment.place for segment in largest_first]
    return Seen(view, np.stack([*places, tail_place(tail.ids, tail.rows, tail.ended, 0)]))


def _shared_tail(file: SharedFile) -> SeenTail:
    arrays = file.arrays
    return SeenTail(arrays["ids"], arrays["rows"], arrays["ended"], file.cell)


def _own_tail(records: list[Record]) -> SeenTail:
    tail = Tail.empty(sum(len(record.ids) for record in records))
    replay(tail, records)
    return SeenTail(tail.ids, tail.rows, tail.ended, np.array([tail.size]))
