"""Keying: a hub's own order of the bits and a mask, and the attack that ends it.

Keying puts the bits of every signal in a secret order and turns a secret half of them over.
Distances stay what they are, so everything is still found, and whoever has a keyed list but
not the key cannot redraw anything from it. The attack needs neither: somebody who registers
ordinary pictures of their own knows what those signals were before keying, recognises them in
the list (distances between the keypoints of one picture are not changed either), and reads the
key off them, column by column.

Nothing here is used by the product. It is here so that nobody claims too much for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

Bits = NDArray[np.uint8]
"""Shape (n, 256), 0 and 1."""

UNKNOWN: Final = -1
"""A place of which several bits could be the origin."""

ROUNDS: Final = 20
"""How often a guess is made better by what the last one says."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """An order and a mask."""

    order: NDArray[np.int64]
    """Shape (256,): which bit of the plain signal stands in each place."""

    mask: Bits
    """Shape (256,): whether it is turned over there."""

    @classmethod
    def drawn(cls, random: Generator, bits: int = 256) -> Self:
        """Draw a key."""
        return cls(random.permutation(bits), random.integers(0, 2, bits, dtype=np.uint8))

    def apply(self, plain: Bits) -> Bits:
        """Key signals."""
        return np.asarray(plain[:, self.order] ^ self.mask)

    def undo(self, keyed: Bits) -> Bits:
        """Take the key off again; places that are not known are left 0."""
        plain = np.zeros_like(keyed)
        known = self.order != UNKNOWN
        plain[:, self.order[known]] = (keyed ^ self.mask)[:, known]
        return plain


def recovered(plain: Bits, keyed: Bits) -> Key:
    """Read a key off signals that are known before and after: the known-picture attack.

    A column of the keyed signals is that column of the plain ones which equals it, or equals
    it turned over everywhere. Columns that several plain ones equal stay unknown.
    """
    mask = keyed[0] ^ 0
    before, after = plain ^ plain[0], keyed ^ keyed[0]
    columns: dict[bytes, list[int]] = {}
    for column in range(before.shape[1]):
        columns.setdefault(before[:, column].tobytes(), []).append(column)
    order = np.full(after.shape[1], UNKNOWN)
    for column in range(after.shape[1]):
        match columns.get(after[:, column].tobytes()):
            case [only]:
                order[column], mask[column] = only, plain[0, only] ^ keyed[0, column]
            case _:
                mask[column] = 0
    return Key(order, mask)


def located(plain: Bits, leaked: Sequence[Bits]) -> int:
    """Find the leaked picture that one's own became: distances among its signals are the same."""
    ours = _distances(plain)
    errors = [
        np.abs(_distances(each) - ours).mean() if each.shape == plain.shape else np.inf
        for each in leaked
    ]
    return int(np.argmin(errors))


def _distances(bits: Bits) -> NDArray[np.int64]:
    signs = bits.astype(np.int64) * 2 - 1
    return np.asarray((bits.shape[1] - signs @ signs.T) // 2)


def share_known(found: Key, key: Key) -> float:
    """Return which share of a key was recovered, and rightly."""
    right = (found.order == key.order) & (found.mask == key.mask)
    return float(right.mean())


def guessed_order(plain: Bits, keyed: Bits) -> NDArray[np.int64]:
    """Guess a key's order without a known picture: which bits often go together.

    Args:
        plain: signals of any pictures at all, unkeyed.
        keyed: the leaked signals of others.

    Returns:
        Shape (256,): for each keyed place the bit that behaves most like it.
    """
    ours, theirs = _company(plain), _company(keyed)
    bias = [np.abs(bits.mean(axis=0) - 0.5) for bits in (plain, keyed)]
    apart = (bias[1][:, None] - bias[0]) ** 2
    nearest = [np.sort(company, axis=1)[:, -40:] for company in (ours, theirs)]
    order = _assigned(_unlike(nearest[1], nearest[0]) + 9 * apart)
    for _ in range(ROUNDS):
        order = _assigned(_unlike(theirs, ours[:, order]) + 20 * apart)
    return order


def _company(bits: Bits) -> NDArray[np.float64]:
    """Return how much each bit says of each other one, whichever way round."""
    company = np.abs(np.corrcoef(bits.astype(np.float64), rowvar=False))
    np.fill_diagonal(company, 0)
    return np.asarray(company)


def _unlike(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T)


def _assigned(unlike: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(linear_sum_assignment(unlike)[1], np.int64)
