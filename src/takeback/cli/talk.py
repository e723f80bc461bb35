"""What a command says to the person: on stderr, lower case, no full stop."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import click

from takeback.errors import TakebackError

PATIENCE = 2.0
"""Seconds a command may take before it says how far it is."""


def say(message: str) -> None:
    """Tell the person something, in one line whatever is in it."""
    click.echo(f"takeback: {shown(message)}", err=True)


def shown(text: str) -> str:
    """Return *text* with everything escaped that a terminal would obey, and not show.

    File names and other programs' words may hold escape codes, new lines, or bytes that are no
    text.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def error(message: str, hint: str = "") -> None:
    """Say what went wrong and, when there is one, what to do next."""
    say(f"error: {message}")
    if hint:
        say(f"hint: {plain(hint)}")


def refusal(refused: TakebackError) -> None:
    """Say why a command was refused, after what its notes say it was about."""
    notes: list[str] = getattr(refused, "__notes__", [])
    error(": ".join([*notes, plain(str(refused))]), refused.hint)


def refuse_all(refused: Sequence[TakebackError]) -> None:
    """Say why each of several was refused, and end the command with the last of them."""
    for each in refused[:-1]:
        refusal(each)
    if refused:
        raise refused[-1]


def only_with(yes: bool, plan: Sequence[str]) -> None:
    """Show what a destructive command will do, and stop unless the person said ``--yes``."""
    for line in plan:
        say(line)
    if not yes:
        raise click.UsageError("nothing was done; add --yes to do this")


def plain(sentence: str) -> str:
    """Turn a sentence into the form of the command line: no capital, no full stop."""
    text = sentence.strip().removesuffix(".")
    first_word = text.split(" ", 1)[0]
    return text if first_word[1:] != first_word[1:].lower() else text[:1].lower() + text[1:]


LONGEST_SILENCE = 30.0
"""Seconds, at most, between two lines that say so."""


@dataclass(slots=True)
class Progress:
    """Says how far a long command is, once it has been running for two seconds."""

    what: str
    total: int
    done: int = 0
    _next: float = field(default_factory=lambda: time.monotonic() + PATIENCE)
    _shown: bool = False

    def step(self) -> None:
        """Count one more as done; that all are is said only to whom the wait was told."""
        self.done += 1
        if time.monotonic() >= self._next and (self._shown or self.done < self.total):
            self._next = time.monotonic() + PATIENCE
            self._show()

    def _show(self) -> None:
        self._shown = True
        line = f"takeback: {self.what} {self.done} of {self.total}"
        if sys.stderr.isatty():
            click.echo(f"\r{line}", err=True, nl=self.done == self.total)
        else:
            click.echo(line, err=True)


@dataclass(slots=True)
class Share:
    """Says how much of one long thing is done, once it has been at it for two seconds."""

    what: str
    _next: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def __call__(self, share: float) -> None:
        """Say how much is done, 0 to 1, if it is time to."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PATIENCE
            say(f"{round(100 * share)}% {self.what}")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say every few seconds that the block is still at work, from the second second on."""
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(what, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(what: str, done: threading.Event) -> None:
    started, pause = time.monotonic(), PATIENCE
    while not done.wait(pause):
        say(f"{what}, {time.monotonic() - started:.0f} s so far")
        pause = min(2 * pause, LONGEST_SILENCE)
