"""The attack on keying, measured: how many of one's own pictures it takes."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from benchmarks.reveal.keying import Bits, Key, guessed_order, located, recovered, share_known
from benchmarks.reveal.paint import Grey
from benchmarks.reveal.whole import signs_of_views
from numpy.typing import NDArray

from takeback.hashing.keypoints import describe

KEYPOINTS: Final = (10, 15, 20, 30, 40, 80)
PICTURES: Final = (1, 2, 3, 5, 8)
TRIALS: Final = 60


def broken(pictures: Sequence[Grey]) -> dict[str, float]:
    """Key the signals of pictures and attack them; return what share succeeds."""
    key = Key.drawn(np.random.default_rng(17))
    points = [np.unpackbits(describe(each).registered(80).bits, axis=1) for each in pictures]
    keyed = [key.apply(each) for each in points]
    right = [located(each, keyed) == number for number, each in enumerate(points)]
    found = {"own picture found in the keyed list": float(np.mean(right))}
    for count in KEYPOINTS:
        parts = [(each[:count], after[:count]) for each, after in zip(points, keyed, strict=True)]
        found |= _shares(f"one picture, {count} keypoint signals", parts, key)
    for count in PICTURES:
        found |= _shares(f"whole-picture signals of {count}", _wholes(pictures, count, key), key)
    found["order guessed without a known picture"] = _guessed(points, key)
    return found


def _shares(name: str, parts: Sequence[tuple[Bits, Bits]], key: Key) -> dict[str, float]:
    shares = np.array([share_known(recovered(*part), key) for part in parts])
    return {
        f"{name}: of the key": float(shares.mean()),
        f"{name}: whole key": float((shares == 1).mean()),
    }


def _wholes(pictures: Sequence[Grey], count: int, key: Key) -> list[tuple[Bits, Bits]]:
    random = np.random.default_rng(count)
    signals = [(signs_of_views(each).reshape(-1, 256) > 0).astype(np.uint8) for each in pictures]
    parts = []
    for _ in range(TRIALS):
        chosen: NDArray[np.int64] = random.choice(
            len(signals), min(count, len(signals)), replace=False
        )
        plain = np.concatenate([signals[number] for number in chosen])
        parts.append((plain, key.apply(plain)))
    return parts


def _guessed(points: Sequence[Bits], key: Key) -> float:
    """Guess the order from half of the pictures, leaked, and the other half, unkeyed."""
    middle = len(points) // 2
    plain, leaked = (np.concatenate(half) for half in (points[:middle], points[middle:]))
    return float((guessed_order(plain, key.apply(leaked)) == key.order).mean())
