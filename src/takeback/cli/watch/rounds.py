"""Look, ask, remember, tell; again and again. Says on stderr how it goes, never about what."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NoReturn

from takeback.cli import talk
from takeback.cli.asking import (
    KNOCK,
    answer_as_data,
    as_line,
    in_order,
    name_as_text,
    of_one_upload,
    ours,
)
from takeback.cli.lines import REFUSED
from takeback.cli.watch.later import Later
from takeback.cli.watch.memory import Memory, digest_of
from takeback.cli.watch.places import Object, Place
from takeback.cli.watch.telling import Teller, json_lines
from takeback.client import (
    Answer,
    Busy,
    Client,
    MatcherError,
    Refused,
)
from takeback.errors import TooBusy

SELDOM: Final = 60.0
"""Seconds between two looks, at most, while the matcher can't be asked."""

OURS: Final = "urn:takeback:error:"
"""How a matcher's own reasons begin; a proxy in front of it may have a limit of its own."""

PROBE: Final = b"takeback"
"""An upload that every matcher refuses."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking about one object."""

    object: Object
    outcome: Literal["done", "refused", "lacking", "failed", "gone"]
    answer: Answer | None = None
    error: MatcherError | OSError | None = None

    def match(self) -> bytes | None:
        """Return what is told of it, as JSON; None where there is no match."""
        if self.answer is None or not self.answer.matches:
            return None
        return self._line({"id": digest_of(self.object).hex()}, answer_as_data(self.answer))

    def refusal(self) -> bytes:
        """Return why it is never asked about again, as JSON."""
        hint = getattr(self.error, "hint", "")
        said = {"error": type(self.error).__name__, "detail": str(self.error), "hint": hint}
        return self._line({}, said)

    def reason(self) -> str:
        """Return why it must be asked about again."""
        if isinstance(self.error, OSError):
            return f"a file can't be read ({type(self.error).__name__})"
        return talk.plain(str(self.error)) if self.error else "the matcher lacks a bank"

    def _line(self, before: dict[str, str], after: dict[str, Any]) -> bytes:
        name = name_as_text(os.fsencode(self.object.name))
        return as_line({**before, "object": name, **after})


@dataclass(slots=True)
class Look:
    """How one look at the place went."""

    done: int = 0
    found: int = 0
    refused: int = 0
    again: int = 0
    """Objects that must be asked about again."""

    reason: str = ""
    """Why the last of them must be."""

    unseen: int = 0
    """Folders and files that can't be looked at."""

    untold: int = 0
    slow: bool = False
    """Whether the matcher, and not one object, is why something is left to do."""

    def see_nothing(self) -> None:
        """Count a folder or a file that can't be looked at."""
        self.unseen += 1

    @property
    def complete(self) -> bool:
        """Whether all that is there was asked about and told."""
        return not (self.again or self.unseen or self.untold or self.slow)

    def __str__(self) -> str:
        said = [f"{self.done} asked about", f"{self.found} with a match"]
        said += [f"{self.refused} refused"] * bool(self.refused)
        said += [f"{self.unseen} can't be looked at"] * bool(self.unseen)
        said += [f"{self.again} to be asked about again: {self.reason}"] * bool(self.again)
        return ", ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One place, one matcher, and whom to tell."""

    place: Place
    memory: Memory
    client: Client
    teller: Teller
    at_once: int
    later: Later = field(default_factory=Later)

    def forever(self, every: float) -> NoReturn:
        """Look every *every* seconds, less often while the matcher can't be asked."""
        talk.say(f"looking every {every:g} s until it is stopped")
        pause, trouble = every, ""
        while True:
            look, said = self._try()
            if said and said != trouble:
                talk.say(said)
            trouble = "" if look.complete else said or trouble
            pause = min(2 * pause, SELDOM) if look.slow else every
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
        return REFUSED if look.refused else 0

    def look(self) -> Look:
        """Ask about what is new, tell of that, and of what could not be told before.

        Raises:
            MatcherError: the matcher can't be asked now. Nothing is lost by that.
        """
        look, untold = Look(), self.teller.begin()
        try:
            self._knock()
            objects = self.later.last(self.memory.new(self.place.objects(look.see_nothing)))
            for asked in in_order(objects, self._ask, self.at_once):
                self._note(asked, look)
        finally:
            look.untold += self.teller.again(untold)
        return look

    def _knock(self) -> None:
        """See whether anybody is there, before objects are read and waited for."""
        with suppress(Busy):  # not ready: it answers what it can all the same
            self.client.ready(within=KNOCK)

    def _try(self) -> tuple[Look, str]:
        try:
            look = self.look()
        except MatcherError as error:
            return Look(slow=True), f"error: {talk.plain(str(error))}; it is asked again"
        except BrokenPipeError:
            raise
        except OSError as problem:
            said = f"error: the place can't be read ({type(problem).__name__})"
            return Look(slow=True), said
        return look, str(look) if look.done or look.again or look.unseen else ""

    def _ask(self, found: Object) -> Asked:
        try:
            with self.place.open(found.name) as file:
                answer = self.client.match(file)
        except FileNotFoundError:
            return Asked(found, "gone")
        except (OSError, MatcherError) as error:
            return Asked(found, "refused" if _final(error) else "failed", error=error)
        return Asked(found, "done" if answer.matches or not answer.missing else "lacking", answer)

    def _note(self, asked: Asked, look: Look) -> None:
        if asked.outcome in {"done", "refused"}:
            self._keep(asked, look)
        elif asked.outcome != "gone":
            look.again, look.reason = look.again + 1, asked.reason()
        if asked.outcome == "lacking":
            look.slow = True
        if asked.outcome == "failed":
            self.later.put_off(asked.object)
            if isinstance(asked.error, MatcherError):
                self._probe()

    def _keep(self, asked: Asked, look: Look) -> None:
        body = asked.match()
        if asked.outcome == "refused":  # said first: it is written nowhere else
            json_lines(asked.refusal())
        self.memory.keep(asked.object, body)
        look.done += 1
        look.refused += asked.outcome == "refused"
        if body is not None:
            look.found += 1
            look.untold += not self.teller.told(digest_of(asked.object).hex(), body)

    def _probe(self) -> None:
        """See whether one object failed, or any would.

        Raises:
            MatcherError: no object can be asked about now.
        """
        try:
            self.client.match(PROBE, within=KNOCK)
        except MatcherError as error:
            if not _final(error):
                raise


def _final(error: MatcherError | OSError) -> bool:
    """Tell whether the matcher itself refused the one object, so that it always will."""
    return isinstance(error, Refused) and of_one_upload(error) and error.type.startswith(OURS)
