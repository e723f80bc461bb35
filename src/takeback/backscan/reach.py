"""Whether it is a store that fails, or only some of its files.

A scan must not write down a whole library as unreadable because the network is away or the
credentials ran out. Where it looks like that, a file that was read before is asked for again:
if it still comes, the files are to blame.
"""

from dataclasses import dataclass
from typing import Final

from takeback.backscan.storage import Absent, Denied, Unanswered, Unreadable, is_local, read
from takeback.errors import StoreUnreachable

SILENT: Final = 20
"""Files in a row without an answer from which a store is doubted."""


@dataclass(slots=True)
class Reach:
    """What one worker hears of the stores that it reads from."""

    largest: int
    """Bytes of the largest file that is read."""

    known: str | None = None
    """The last file elsewhere that was read."""

    _answered: bool = False
    _missed: Unreadable | None = None
    _silent: int = 0

    def heard(self, path: str) -> None:
        """Take note of a file that was read."""
        if not is_local(path):
            self.known, self._answered, self._silent = path, True, 0

    def missed(self, problem: Unreadable) -> None:
        """Take note of a file that was not.

        Raises:
            StoreUnreachable: its store does not answer any more.
        """
        if isinstance(problem, Absent):
            self._answered, self._silent = True, 0
        if not isinstance(problem, Denied | Unanswered):
            return
        self._missed = problem
        self._silent += isinstance(problem, Unanswered)
        if self._silent == SILENT:
            self._ask(problem)

    def end(self) -> None:
        """End a shard.

        Raises:
            StoreUnreachable: nothing of it could be read, and nothing else can.
        """
        missed, answered = self._missed, self._answered
        self._missed, self._answered = None, False
        if missed is not None and not answered:
            self._ask(missed)

    def _ask(self, problem: Unreadable) -> None:
        self._silent = 0
        if self.known is None or not _comes(self.known, self.largest):
            raise StoreUnreachable(f"file after file of the store: {problem}")


def _comes(path: str, largest: int) -> bool:
    try:
        read(path, largest)
    except Unreadable:
        return False
    return True
