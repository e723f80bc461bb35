"""Audit events: what may be said in the log, and the one way to write it down.

An event names an action, an actor and a few facts: yes or no, a count, or one short word.
It never holds a signal, code, PIN, name, text or locator, and no case or item but as a
commitment that only the case's salt can link (``store.py``). ``ACTIONS`` is the whole
vocabulary; ``docs/reference/audit-events.md`` is held to it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from takeback.errors import IntegrityFailure
from takeback.ids import ALPHABET

Fact = bool | int | str
"""A yes or no, a count, or a word."""


def _facts(*names: str) -> frozenset[str]:
    return frozenset(names)


ACTIONS: Final[Mapping[str, frozenset[str]]] = {
    "case.opened": _facts("kind", "items", "signals"),
    "case.item_added": _facts("signals"),
    "case.withdrawn": _facts("items"),
    "case.withdrawal_scheduled": _facts("items"),
    "case.withdrawal_undone": _facts("items"),
    "case.purged": _facts("items", "reason"),
    "case.closed": _facts(),
    "case.shown": _facts(),
    "case.vouched": _facts("items"),
    "case.recovered": _facts("by", "first", "second"),
    "case.held": _facts("reason"),
    "case.released": _facts("reason"),
    "case.retention_erased": _facts("locators", "texts"),
    "case.choices_changed": _facts("end_date", "keypoints", "lock", "partners"),
    "case.keypoints_withdrawn": _facts("items"),
    "entry.quarantined": _facts("entry", "platform", "reason"),
    "entry.quarantine_lifted": _facts("entry", "platform"),
    "entries.suspended": _facts("entries"),
    "entries.resumed": _facts("entries"),
    "platform.added": _facts("platform"),
    "platform.approved_once": _facts("platform"),
    "platform.approved": _facts("first", "platform"),
    "platform.demoted": _facts("platform"),
    "platform.marked": _facts("counts_opinions", "handles_under_18", "platform"),
    "platform.retired": _facts("platform"),
    "platform.taken_away": _facts("platform"),
    "platforms.taken_away": _facts("demoted", "revoked", "unmarked"),
    "platform.key_issued": _facts("key", "platform", "scope"),
    "platform.key_rotated": _facts("key", "overlap_hours", "platform", "successor"),
    "platform.key_revoked": _facts("key", "platform"),
    "submission.received": _facts("signals"),
    "submission.taken_back": _facts("signals"),
    "opinion.received": _facts("entry", "opinion", "reason"),
    "response.received": _facts("confirmed_by_person", "entry", "ground", "reason", "response"),
    "removal.recorded": _facts("platform"),
    "withdrawal.confirmed": _facts("platform"),
    "canary.planted": _facts("canaries", "platform"),
    "canary.touched": _facts("canary", "planted_at", "seen_at"),
    "feed.epoch_changed": _facts("epoch", "reason"),
    "staff.added": _facts("role", "staff"),
    "staff.retired": _facts("staff"),
    "backup.made": _facts(),
    "backup.restored": _facts("events_lost", "with_journal"),
    "demo.advanced": _facts("hours"),
}
"""Every action there is, with the names of the facts it may carry."""

_ACTOR = re.compile(rf"reporter|worker|operator|(platform|staff):[a-z]+_[{ALPHABET}]{{16}}")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[a-z0-9_.:-]{1,64}")
_LINKABLE = re.compile(rf"(?:case|item|withdrawal)_[{ALPHABET}]{{16}}")
_LONG_HEX = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(rf"[{ALPHABET}]{{13,}}")
_ID = re.compile(rf"(?:platform|staff|key)_[{ALPHABET}]{{16}}")
_PIN = re.compile(r"[0-9]{6}")
_SEPARATORS = re.compile(r"[_.:-]")
_LARGEST_COUNT = 2**53 - 1
"""Beyond it JSON readers disagree; no count comes near, and no signal fits."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Refuses to hold what the log must not know."""

    action: str
    actor: str
    """``reporter``, ``worker``, ``operator``, ``platform:<id>`` or ``staff:<id>``."""
    at: datetime
    """UTC, whole seconds; for the reporter and for the worker on a case only the day."""
    case: str | None = None
    """Commitment to the case, 64 hexadecimal digits."""
    item: str | None = None
    """Commitment to the item, 64 hexadecimal digits."""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        allowed = ACTIONS.get(self.action)
        if allowed is None:
            raise ValueError(f"{self.action!r} is no declared action")
        if not self.facts.keys() <= allowed:
            raise ValueError(f"{self.action} may not carry all of these facts")
        if not _ACTOR.fullmatch(self.actor):
            raise ValueError("an actor is a role, or a platform or staff id")
        for name, fact in self.facts.items():
            _check_fact(name, fact)
        for commitment in (self.case, self.item):
            _check_commitment(commitment)
        object.__setattr__(self, "at", self._rounded())

    def _rounded(self) -> datetime:
        if self.at.tzinfo is None:
            raise ValueError("an event needs a time zone")
        at = self.at.astimezone(UTC).replace(microsecond=0)
        hides_the_hour = self.actor == "reporter" or (self.actor == "worker" and self.case)
        return at.replace(hour=0, minute=0, second=0) if hides_the_hour else at

    def canonical(self) -> str:
        """Return the one JSON text of this event: sorted keys, no spaces, ASCII."""
        members = {
            "action": self.action,
            "actor": self.actor,
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "case": self.case,
            "facts": dict(self.facts),
            "item": self.item,
        }
        return json.dumps(members, sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> "Event":
        """Read what :meth:`canonical` wrote.

        Raises:
            IntegrityFailure: *text* is not the canonical form of an event.
        """
        try:
            members = json.loads(text)
            at = datetime.strptime(members.pop("at"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            event = cls(at=at, **members)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise IntegrityFailure("a stored audit event can't be read") from None
        if event.canonical() != text:
            raise IntegrityFailure("a stored audit event is not in canonical form")
        return event


def _check_commitment(commitment: str | None) -> None:
    if commitment is not None and not _COMMITMENT.fullmatch(commitment):
        raise ValueError("a commitment is 64 lower-case hexadecimal digits")


def _check_fact(name: str, fact: Fact) -> None:
    """Refuse what is no fact, without repeating it."""
    if isinstance(fact, str):
        _check_word(name, fact)
    elif not 0 <= fact <= _LARGEST_COUNT:
        raise ValueError(f"the fact {name} is no count")


def _check_word(name: str, word: str) -> None:
    """Refuse text, and every word that may be a signal, a code, a slip, a PIN or a case."""
    if _ID.fullmatch(word):
        return
    bare = _SEPARATORS.sub("", word)
    secret = _LONG_HEX.search(bare) or _CODE.fullmatch(bare) or _PIN.fullmatch(bare)
    if secret or _LINKABLE.search(word) or not _WORD.fullmatch(word):
        raise ValueError(f"the fact {name} is no word that the log may hold")
