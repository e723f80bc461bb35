"""Look, ask, remember, tell; again and again. Says on stderr how it goes, never about what."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

import msgspec

from takeback.cli import talk
from takeback.cli.asking import answer_as_data, in_order, name_as_text, of_one_upload, ours
from takeback.cli.watch.memory import Memory, digest_of
from takeback.cli.watch.places import Object, Place
from takeback.client import Answer, Busy, Client, MatcherError
from takeback.errors import BadSettings, TooBusy

PATIENCE: Final = 60.0
"""Seconds a hook may take."""

KNOCK: Final = 10.0
"""Seconds in which a matcher that is there says whether it is ready."""

SELDOM: Final = 60.0
"""Seconds between two looks, at most, while something can't be done."""

Tell = Callable[[bytes], bool]
"""Tells one match, as JSON; returns whether that succeeded."""


def json_lines(body: bytes) -> bool:
    """Write a match to standard output."""
    sys.stdout.buffer.write(body + b"\n")
    sys.stdout.buffer.flush()
    return True


def hook(command: str) -> Tell:
    """Return what runs *command*, without a shell, with a match on its standard input.

    Raises:
        BadSettings: the command can't be read.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise BadSettings("the command of --on-match can't be read")

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


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking about one object."""

    object: Object
    outcome: Literal["done", "again", "gone"]
    answer: Answer | None = None

    def text(self) -> bytes | None:
        """Return what is told of it, as JSON; None where there is no match."""
        if self.answer is None or not self.answer.matches:
            return None
        name = name_as_text(os.fsencode(self.object.name))
        about = {"id": digest_of(self.object).hex(), "object": name}
        return msgspec.json.encode({**about, **answer_as_data(self.answer)})


@dataclass(slots=True)
class Look:
    """How one look at the place went."""

    done: int = 0
    found: int = 0
    again: int = 0
    """Objects that must be asked about again."""

    untold: int = 0

    @property
    def complete(self) -> bool:
        """Whether all that is there was asked about and told."""
        return not self.again and not self.untold

    def __str__(self) -> str:
        later = f", {self.again} to be asked about again" if self.again else ""
        return f"{self.done} asked about, {self.found} with a match{later}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One place, one matcher, and whom to tell."""

    place: Place
    memory: Memory
    client: Client
    tell: Tell
    at_once: int

    def forever(self, every: float) -> NoReturn:
        """Look every *every* seconds, less often while something can't be done."""
        pause, trouble = every, ""
        while True:
            complete, said = self._try()
            if said and said != trouble:
                talk.say(said)
            pause, trouble = (every, "") if complete else (min(2 * pause, SELDOM), said)
            time.sleep(max(pause, every))

    def once(self) -> int:
        """Look once and return the exit code.

        Raises:
            Unavailable: the matcher can't be asked, or something is left to be done again.
        """
        try:
            look = self.look()
        except MatcherError as error:
            raise ours(error) from None
        talk.say(str(look))
        if not look.complete:
            raise TooBusy("not everything could be asked about and told")
        return 0

    def look(self) -> Look:
        """Tell what is untold, ask about what is new, tell of that.

        Raises:
            MatcherError: the matcher can't be asked now. Nothing is lost by that.
        """
        look = Look()
        for match_id, body in self.memory.untold():
            look.untold += not self._told(match_id, body)
        self._knock()
        for asked in in_order(self.memory.new(self.place.objects()), self._ask, self.at_once):
            self._keep(asked, look)
        return look

    def _knock(self) -> None:
        """See whether anybody is there, before objects are read and waited for."""
        with suppress(Busy):  # not ready: it answers what it can all the same
            self.client.ready(within=KNOCK)

    def _try(self) -> tuple[bool, str]:
        try:
            look = self.look()
        except MatcherError as error:
            return False, f"error: {talk.plain(str(error))}; it is asked again"
        except OSError as problem:
            return False, f"error: the place can't be read ({type(problem).__name__})"
        return look.complete, str(look) if look.done or look.again else ""

    def _ask(self, found: Object) -> Asked:
        try:
            with self.place.open(found.name) as file:
                answer = self.client.match(file)
        except FileNotFoundError:
            return Asked(found, "gone")
        except OSError:
            return Asked(found, "again")
        except MatcherError as error:
            if not of_one_upload(error):
                raise
            return Asked(found, "done")
        return Asked(found, "done" if answer.matches or not answer.missing else "again", answer)

    def _keep(self, asked: Asked, look: Look) -> None:
        if asked.outcome != "done":
            look.again += asked.outcome == "again"
            return
        body = asked.text()
        self.memory.keep(asked.object, body)
        look.done += 1
        if body is not None:
            look.found += 1
            look.untold += not self._told(digest_of(asked.object).hex(), body)

    def _told(self, match_id: str, body: bytes) -> bool:
        told = self.tell(body)
        if told:
            self.memory.told(match_id)
        return told
