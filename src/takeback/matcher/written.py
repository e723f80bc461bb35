"""The banks as the keeper writes them: every page, before it is committed."""

from dataclasses import dataclass
from pathlib import Path

from takeback.matcher.reading import Change
from takeback.matcher.state import State


@dataclass(slots=True)
class WrittenBanks:
    """What is changed with each page."""

    damaged: bool = False

    @classmethod
    def open(cls, directory: Path, state: State) -> "WrittenBanks":
        """Open them."""
        return cls()

    def apply(self, change: Change) -> None:
        """Write a page."""

    def close(self) -> None:
        """Close them."""
