"""One shard of ready signals: looked up in large batches, each signal as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.backscan.arrow import Table
from takeback.backscan.bank import Bank
from takeback.backscan.outcome import Sheet
from takeback.backscan.plan import Choices
from takeback.backscan.signals import signals_of
from takeback.backscan.tables import shown
from takeback.errors import MalformedSignal
from takeback.matching.lookup.pictures import PictureSearch

BATCH: Final = 10_000
"""Signals that are looked up in one call, of which each may match a hundred; fewer if more."""

USUAL: Final = 100

Named = tuple[int, str | None]
"""A row of the input, and what its signal is called."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Scans signals that were made before."""

    bank: Bank
    choices: Choices

    def scan(self, rows: Table, sheet: Sheet) -> None:
        """Match every signal of a shard."""
        batch = BATCH * USUAL // max(USUAL, self.choices.limit)
        for begin in range(0, len(rows), batch):
            piece = rows.slice(begin, batch)
            names = map(shown, piece.column("path").to_pylist())
            named = list(zip(piece.column("row").to_pylist(), names, strict=True))
            signals, sound = signals_of(piece.column("signal"))
            self._scan(list(compress(named, sound.tolist())), signals, sheet)
            for row, name in compress(named, (~sound).tolist()):
                sheet.refuse(row, name, MalformedSignal.__name__, "not a PDQ signal")

    def _scan(self, named: Sequence[Named], signals: NDArray[np.uint8], sheet: Sheet) -> None:
        search = PictureSearch(self.bank.indexes, self.bank.register)
        with sheet.seconds.spent_on("match"):
            found = search.signals(signals, self.choices.limit)
        for (row, name), each in zip(named, found, strict=True):
            sheet.take(row, name, each)
        if self.choices.keep:
            for (row, name), bits in zip(named, signals, strict=True):
                sheet.kept.add(row, name, view="whole", turn=0, signal=bits.tobytes())
