"""From a picture to its signals, on the device that holds the picture.

This package is the only one that reads pictures. It stores nothing, sends nothing
and knows no database.
"""

from takeback.hashing.arrays import array_to_signals, signals_to_array
from takeback.hashing.signal import (
    MATCH_DISTANCE,
    MINIMUM_QUALITY,
    SIGNAL_BITS,
    SIGNAL_TYPE,
    Signal,
)

__all__ = [
    "MATCH_DISTANCE",
    "MINIMUM_QUALITY",
    "SIGNAL_BITS",
    "SIGNAL_TYPE",
    "Signal",
    "array_to_signals",
    "signals_to_array",
]
