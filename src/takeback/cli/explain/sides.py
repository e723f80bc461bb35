"""One of two files that are compared."""

import os
from dataclasses import dataclass

from takeback.cli.sources import Signals


@dataclass(frozen=True, slots=True)
class Side:
    """The upload, or what is registered."""

    source: bytes | os.PathLike[str]
    name: str
    signals: Signals
