"""Telling matches: as JSON lines, or to a command; what failed is told again, but not for long."""

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from takeback.cli import talk
from takeback.cli.watch.memory import Memory
from takeback.errors import BadSettings

PATIENCE: Final = 60.0
"""Seconds a hook may take; and seconds that hooks which fail may take in one look, together."""

FIRST: Final = 5.0
"""Seconds until what failed is told again for the first time; then twice as long, and so on."""

LONGEST: Final = 60.0

Tell = Callable[[bytes], bool]
"""Tells one match, as JSON; returns whether that succeeded."""

Untold = Sequence[tuple[str, bytes]]
"""Matches by id, as JSON."""


def json_lines(body: bytes) -> bool:
    """Write a line of JSON to standard output."""
    sys.stdout.buffer.write(body + b"\n")
    sys.stdout.buffer.flush()
    return True


def hook(command: str) -> Tell:
    """Return what runs *command*, without a shell, with a match on its standard input.

    Raises:
        BadSettings: the command can't be read, or there is no such program.
    """
    words = _words(command)

    def run(body: bytes) -> bool:
        try:
            done = subprocess.run(words, input=body, timeout=PATIENCE, check=False)  # noqa: S603 - the operator's own
        except (OSError, subprocess.TimeoutExpired) as problem:
            talk.say(f"the hook failed ({type(problem).__name__}); it is run again")
            return False
        if done.returncode:
            talk.say(f"the hook ended with {done.returncode}; it is run again")
        return done.returncode == 0

    return run


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        refused = BadSettings("the command of --on-match can't be read")
        refused.hint = "Quote it as a shell wants it."
        raise refused
    if shutil.which(words[0]) is None:
        refused = BadSettings("the command of --on-match can't be run")
        refused.hint = "Check its path, and that it is executable; it is run without a shell."
        raise refused
    return words


@dataclass(slots=True)
class Teller:
    """Tells matches, and those again that it could not tell."""

    memory: Memory
    tell: Tell
    lost: float = 0.0
    """Seconds that failures took in this look."""

    failed: dict[str, None] = field(default_factory=dict)
    """The ids of what could not be told; what was tried last comes last."""

    pause: float = 0.0
    due: float = 0.0
    """The instant of the monotonic clock at which the next are told again."""

    def begin(self) -> Untold:
        """Begin a look; return what is to be told again in it, if it is time for that."""
        self.lost = 0.0
        if time.monotonic() < self.due:
            return []
        tried = {match_id: turn for turn, match_id in enumerate(self.failed)}
        return sorted(self.memory.untold(), key=lambda match: tried.get(match[0], -1))

    def again(self, untold: Untold) -> int:
        """Tell what could not be told before; return how much of it still can't."""
        left = sum(not self.told(match_id, body) for match_id, body in untold)
        if untold:
            self.pause = min(max(FIRST, 2 * self.pause), LONGEST) if left else 0.0
            self.due = time.monotonic() + self.pause
        return left

    def told(self, match_id: str, body: bytes) -> bool:
        """Tell one match, unless failures took too much of this look already."""
        if self.lost >= PATIENCE:
            return False
        began = time.monotonic()
        self.failed.pop(match_id, None)
        if self.tell(body):
            self.memory.told(match_id)
            return True
        self.lost += time.monotonic() - began
        self.failed[match_id] = None
        return False
