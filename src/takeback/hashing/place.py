"""Where something is in a picture, in shares of its sides. No pixels needed."""

from dataclasses import dataclass
from typing import Final

SAME_PLACE: Final = 0.015
"""Places whose every side is nearer than this share of the picture are one place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of an upright picture, in shares of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom

    @property
    def area(self) -> float:
        """The share of the picture that it is."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    def overlap(self, other: "Place") -> float:
        """Return how much of what either shows is shown by both, 0 to 1."""
        both = Place(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        ).area
        return both / (self.area + other.area - both)

    def near(self, other: "Place") -> bool:
        """Whether both are one place, as far as a signal can tell."""
        pairs = zip(self.sides, other.sides, strict=True)
        return all(abs(mine - theirs) < SAME_PLACE for mine, theirs in pairs)


EVERYWHERE: Final = Place(0.0, 0.0, 1.0, 1.0)
