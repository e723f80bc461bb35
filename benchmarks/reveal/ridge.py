"""The best linear guess at numbers from signs: ridge regression. Nothing here is a network.

Sums are kept, not examples, so that any number of pictures can be added one by one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """A fitted guess."""

    weights: NDArray[np.float64]
    """Shape (signs + 1, numbers): the last row is what is guessed knowing nothing."""

    variance: NDArray[np.float64]
    """Shape (numbers,): mean square error on the pictures it was fitted on."""

    def __call__(self, signs: Numbers) -> Numbers:
        """Guess the numbers of each row of signs."""
        return np.asarray(signs @ self.weights[:-1] + self.weights[-1], np.float32)

    def knowing_nothing(self) -> Numbers:
        """Return the guess that does not look at any sign."""
        return np.asarray(self.weights[-1], np.float32)


class Ridge:
    """Adds up examples of signs and the numbers they were made from."""

    def __init__(self, signs: int, numbers: int) -> None:
        """Begin with no example."""
        self._inner = np.zeros((signs + 1, signs + 1))
        self._outer = np.zeros((signs + 1, numbers))
        self._squares = np.zeros(numbers)
        self._count = 0

    def add(self, signs: Numbers, numbers: Numbers) -> None:
        """Add examples, one a row."""
        rows = np.hstack([signs, np.ones((len(signs), 1), np.float32)])
        self._inner += rows.T @ rows
        self._outer += rows.T @ numbers
        self._squares += (numbers.astype(np.float64) ** 2).sum(axis=0)
        self._count += len(rows)

    def fitted(self, penalty: float) -> Guess:
        """Fit; the penalty on each weight is a share of the number of examples."""
        penalties = np.full(len(self._inner), penalty * self._count)
        penalties[-1] = 0
        weights = np.linalg.solve(self._inner + np.diag(penalties), self._outer)
        errors = self._squares - 2 * (weights * self._outer).sum(axis=0)
        errors += (weights * (self._inner @ weights)).sum(axis=0)
        variance = np.maximum(errors / self._count, 1e-3)
        return Guess(np.asarray(weights, np.float64), np.asarray(variance, np.float64))


def signs_of(bits: NDArray[np.uint8]) -> Numbers:
    """Turn packed bits, shape (n, bytes), into -1 and 1, shape (n, 8 x bytes)."""
    return np.asarray(np.unpackbits(bits, axis=1).astype(np.float32) * 2 - 1)
