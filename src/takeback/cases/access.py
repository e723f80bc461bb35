"""The door to a case: code and PIN, the same effort and the same words for every refusal.

Whatever is tried (a known code, an unknown one, a purged case, a code whose trials are
used up), the database is asked and written alike and the slow step runs exactly once. A
trial is counted in the database before its answer is known, so parallel guesses count too.
"""

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from takeback.cases.codes import (
    Digester,
    Kdf,
    argon2id,
    parse_code,
    parse_pin,
    parse_slip,
)
from takeback.cases.proof import Load, Proofs
from takeback.cases.store import credentials, trials
from takeback.cases.wire import Access
from takeback.clock import Clock
from takeback.db import Database
from takeback.errors import NotFound, TooBusy
from takeback.hubkeys import HubKeys
from takeback.ids import CaseId
from takeback.settings import Settings

TRIAL_WINDOW: Final = timedelta(hours=24)

COMFORTABLE: Final = 0.25
"""Share of what the hub can work on from which proofs of work begin to cost more."""

UNKNOWN_SUBJECT_BYTES: Final = 2
"""Trials of unknown codes share 65,536 rows, so that guessing can't fill the disk."""


def refused() -> NotFound:
    """Return the one error for every way in which a case stays shut."""
    error = NotFound("no case opens with this code and PIN")
    error.hint = (
        "Check each character. After many wrong PINs in a day only the recovery slip, given "
        "with code and PIN, opens the case."
    )
    return error


@dataclass(slots=True)
class Bucket:
    """Lets *rate* through each second, over all callers of this process; the rest is refused."""

    rate: float
    ticks: Callable[[], float] = time.monotonic
    """Seconds that only ever go up."""
    _level: float = field(init=False)
    _seen: float = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._level = self.rate
        self._seen = self.ticks()

    def take(self) -> None:
        """Take one token.

        Raises:
            TooBusy: none is left for now.
        """
        with self._lock:
            now = self.ticks()
            self._level = min(self.rate, self._level + (now - self._seen) * self.rate)
            self._seen = now
            if self._level < 1:
                raise TooBusy("more people than usual are asking")
            self._level -= 1


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database has of a code."""

    case_id: CaseId
    pin_digest: bytes
    slip_mac: bytes


@dataclass(frozen=True, slots=True)
class _Trial:
    """A trial that was counted before its answer is known."""

    subject: bytes
    at: int
    counted: bool
    """Whether it was within the day's number; otherwise the PIN alone opens nothing."""


_NOBODY = _Known(CaseId(""), bytes(32), bytes(32))
"""Compared with when the code is unknown, so that both paths do the same work."""


@dataclass(frozen=True, slots=True)
class TrialStore:
    """Wrong PINs of the last 24 hours, one row for each code. Never commits.

    A row holds microseconds since 1970, the newest first, at most as many as there are
    trials in a day. So rows compare as text by their newest, until the year 2286.
    """

    db: Database

    def count(self, subject: bytes, now: datetime, limit: int) -> _Trial:
        """Count a trial if fewer than *limit* stand; the row is written either way."""
        moment, since = _microseconds(now), _microseconds(now - TRIAL_WINDOW)
        self.db.execute(trials.delete().where(trials.c.at < str(since + 1)))
        recent = self._recent(subject, since)
        counted = len(recent) < limit
        self._write(subject, [moment, *recent] if counted else recent)
        return _Trial(subject, moment, counted)

    def give_back(self, trial: _Trial) -> None:
        """Take a trial out again, because the PIN was right."""
        if trial.counted:
            recent = self._recent(trial.subject, 0)
            if trial.at in recent:
                recent.remove(trial.at)
            self._write(trial.subject, recent)

    def _recent(self, subject: bytes, since: int) -> list[int]:
        query = sa.select(trials.c.at).where(trials.c.subject == subject)
        stored: str = self.db.execute(query).scalar() or ""
        return [moment for moment in map(int, stored.split()) if moment > since]

    def _write(self, subject: bytes, moments: list[int]) -> None:
        self.db.execute(trials.delete().where(trials.c.subject == subject))
        at = " ".join(map(str, moments))
        self.db.execute(trials.insert().values(subject=subject, at=at))


def _microseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1_000_000)


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets in who has code and PIN."""

    db: Database
    digester: Digester
    proofs: Proofs
    bucket: Bucket
    unproven: Bucket
    """For callers without a proof of work, before they come to the other."""
    trials_per_day: int
    now: Clock

    @classmethod
    def of(
        cls, db: Database, keys: HubKeys, settings: Settings, now: Clock, kdf: Kdf = argon2id
    ) -> "Gate":
        """Return the hub's own door, with its keys and its settings."""
        load = Load(settings.openings_per_second * COMFORTABLE)
        key = keys.derive("proof-of-work")
        return cls(
            db=db,
            digester=Digester.of(keys, kdf),
            proofs=Proofs(key, settings.proof_of_work_bits, now, load),
            bucket=Bucket(settings.openings_per_second),
            unproven=Bucket(settings.openings_without_proof_per_second),
            trials_per_day=settings.pin_trials_per_day,
            now=now,
        )

    def enter(self, access: Access, *, check_proof: bool = True) -> CaseId:
        """Return the case that code and PIN open.

        Raises:
            MalformedCode: code, PIN or slip is not of its form, whether or not it exists.
            BadProofOfWork: the proof of work is missing or wrong.
            TooBusy: the hub works on as many openings as it may.
            NotFound: nothing opens; always in the same words.
        """
        code, pin = parse_code(access.code), parse_pin(access.pin)
        slip = parse_slip(access.slip) if access.slip else ""
        if check_proof:
            self.proofs.take(access.proof)
        self.bucket.take()
        known, trial = self._count(self.digester.code_mac(code))
        digest = self.digester.pin_digest(code, pin)
        right_pin = hmac.compare_digest(digest, known.pin_digest)
        right_slip = hmac.compare_digest(self.digester.slip_mac(slip), known.slip_mac)
        if not right_pin or not (trial.counted or right_slip):
            raise refused()
        with self.db.transaction():
            TrialStore(self.db).give_back(trial)
        return known.case_id

    def _count(self, code_mac: bytes) -> tuple[_Known, _Trial]:
        with self.db.transaction():
            known = self._find(code_mac)
            subject = code_mac if known is not _NOBODY else code_mac[:UNKNOWN_SUBJECT_BYTES]
            return known, TrialStore(self.db).count(subject, self.now(), self.trials_per_day)

    def _find(self, code_mac: bytes) -> _Known:
        query = credentials.select().where(credentials.c.code_mac == code_mac)
        row = self.db.execute(query).one_or_none()
        if row is None:
            return _NOBODY
        return _Known(CaseId(row.case_id), row.pin_digest, row.slip_mac)
