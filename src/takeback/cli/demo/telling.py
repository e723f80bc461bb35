"""The story on the terminal: one line for each step, ticked or crossed, with what was measured."""

import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click

WAIT_SECONDS = 20.0
"""How long a step waits before it counts as failed."""

PERIOD = 0.02

WIDTH = 88
"""Characters of a line of a paragraph."""

COLUMN = 64
"""Where what was measured stands."""


@dataclass(slots=True)
class Telling:
    """Tells the steps as they happen and remembers whether all of them held."""

    held: list[bool] = field(default_factory=list)

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        click.echo(f"\n{title}")

    def note(self, text: str) -> None:
        """Say something that is no step."""
        click.echo(f"    {text}")

    def paragraph(self, text: str) -> None:
        """Say something longer that is no step."""
        for line in textwrap.wrap(text, WIDTH):
            self.note(line)

    def step(self, what: str, held: bool, measured: str = "") -> None:
        """Tell one step."""
        self.held.append(held)
        line = f"  {'✓' if held else '✗'} {what}"
        click.echo(f"{line:<{COLUMN}} {measured}".rstrip())

    @property
    def all_held(self) -> bool:
        """Whether there were steps and every one held."""
        return bool(self.held) and all(self.held)


@dataclass(slots=True)
class Stopwatch:
    """Seconds that something took."""

    seconds: float = 0.0

    def __str__(self) -> str:
        """Return milliseconds below a second, else seconds."""
        if self.seconds < 1:
            return f"{self.seconds * 1000:.0f} ms"
        return f"{self.seconds:.1f} s"


@contextmanager
def timed() -> Iterator[Stopwatch]:
    """Measure the block."""
    watch = Stopwatch()
    started = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - started


def wait_until(condition: Callable[[], bool]) -> bool:
    """Ask again and again until *condition* holds; False if it does not in time."""
    until = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(PERIOD)
    return True
