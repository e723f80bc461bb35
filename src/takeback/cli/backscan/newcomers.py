"""What came to a matcher's bank after a cursor, which is the highest id its entries had then."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from takeback.backscan.bank import Entry, Newer
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.hashing.signal_types import SignalType
from takeback.matcher.statereader import StateReader
from takeback.matching.lookup.found import Register


def newer(
    directory: Path, since: int, register: Callable[[StateReader], Register[Entry]]
) -> Iterator[Newer]:
    """Read the whole pictures' signals that came to the matcher in *directory* after *since*.

    Args:
        directory: the matcher's data.
        since: a cursor, see ``StateReader.newest``.
        register: tells what is known of entries.

    Raises:
        NotReady: there is no matcher's data yet.
        IntegrityFailure: it is damaged.
    """
    reader = StateReader(directory, only_read=True)
    entries = register(reader)
    try:
        for arrivals in reader.load((SignalType.PDQ,), after=since):
            ids = [entry for entry, _ in arrivals[SignalType.PDQ]]
            joined = b"".join(payload for _, payload in arrivals[SignalType.PDQ])
            yield Newer(
                ids=ids,
                entries=entries.held(ids),
                signals=np.frombuffer(joined, np.uint8).reshape(-1, SIGNAL_BYTES),
                last=ids[-1],
            )
    finally:
        reader.close()
