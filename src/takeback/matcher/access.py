"""Who may ask, and how much: the keys of the platform's own programs.

A line of the file is a key, or a name and a key, or a name, a key and how many look-ups a
minute it is good for.
"""

import binascii
import hashlib
import math
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from takeback.errors import BadSettings, NotAllowed, NotReady, NotSignedIn, QuotaSpent
from takeback.exchange.client import is_loopback
from takeback.matcher.asgi import Event, header
from takeback.matcher.log import log
from takeback.matcher.quotas import MOST_CALLERS, OWNER_BYTES, Quotas

SHORTEST_KEY = 24
"""Characters a caller's key must have at least; a short one can be guessed."""

_LINE: Final = re.compile(rb"(?:([A-Za-z0-9._-]{1,64})[ \t]+)?(\S+)(?:[ \t]+([1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a key belongs to."""

    name: str = ""
    a_minute: int = 0
    """Look-ups that it may make in a minute; 0 for any number."""

    owner: bytes = b""
    """What its bucket is found by."""

    quotas: Quotas | None = None

    def spend(self, lookups: int) -> None:
        """Count look-ups before they are made: a signal, an upload and a report are one each.

        Raises:
            QuotaSpent: those of this minute are used up.
        """
        if not self.a_minute or self.quotas is None:
            return
        wait = self.quotas.take(self.owner, self.a_minute, lookups)
        if wait:
            spent = QuotaSpent(f"more than {self.a_minute} look-ups a minute")
            spent.retry_after = math.ceil(wait)
            spent.hint = "Wait as long as Retry-After says; the file of keys says how many."
            raise spent

    def owe(self, lookups: int) -> None:
        """Count look-ups that what was let in turned out to take, even if none are left."""
        if self.a_minute and self.quotas is not None:
            self.quotas.take(self.owner, self.a_minute, lookups, owed=True)


ANYBODY: Final = Caller()
"""Who asks where no key is needed."""


@dataclass(slots=True)
class CallerKeys:
    """Keys from a file, one a line. Read again when the file has changed."""

    path: Path
    shared: Path | None = None
    """The file in which processes count together; None for one process."""

    _version: tuple[int, int] = (0, 0)
    _callers: dict[bytes, Caller] = field(default_factory=dict)
    _quotas: Quotas | None = None
    _wrong: str = ""
    """What is wrong with the file, once it was logged."""

    def accept(self, authorization: str) -> Caller:
        """Return whose key is in a header, as ``Bearer <key>`` or as the password of ``Basic``.

        Raises:
            NotSignedIn: there is none, or none of the file, with the same words.
            NotReady: something is wrong with the file, the log says what; nobody is let in then.
        """
        try:
            callers, self._wrong = self.digests(), ""
        except BadSettings as problem:
            self._log(str(problem))
            raise NotReady("the keys of this matcher can't be read now") from None
        caller = callers.get(_digest(_key_of(authorization)))
        if caller is None:
            raise NotSignedIn("a key of this matcher is needed")
        return caller

    def digests(self) -> Mapping[bytes, Caller]:
        """Return each caller by the digest of its key.

        Raises:
            BadSettings: the file can't be read, holds no key, or one that is too short, or a line
                that is none of the three kinds.
        """
        try:
            stat = self.path.stat()
            version = (stat.st_mtime_ns, stat.st_ino)
            if version != self._version:
                self._callers = self._read(self.path.read_bytes())
                self._version = version
        except OSError:
            raise BadSettings("the file of callers' keys can't be read") from None
        if not self._callers:
            raise BadSettings("the file of callers' keys holds no key")
        return self._callers

    def _log(self, problem: str) -> None:
        """Log what is wrong with the file, once: whoever has no key may ask often."""
        if problem != self._wrong:
            log().error("keys.unreadable", why=problem)
        self._wrong = problem

    def _read(self, text: bytes) -> dict[bytes, Caller]:
        lines = list(_lines(text))
        if any(a_minute for _, _, a_minute in lines) and self._quotas is None:
            self._quotas = Quotas(self.shared)
        digests = [_digest(key) for _, key, _ in lines]
        return {
            digest: Caller(name, a_minute, digest[:OWNER_BYTES], self._quotas)
            for digest, (name, _, a_minute) in zip(digests, lines, strict=True)
        }


@dataclass(frozen=True, slots=True)
class Door:
    """Lets requests in that carry a key; without keys, those that are meant for loopback."""

    keys: CallerKeys | None

    def admit(self, scope: Event) -> Caller:
        """Return who asks.

        Whatever passes requests on from elsewhere, a proxy or a web page that was made to look
        local, names another host.

        Raises:
            NotSignedIn: a key is asked for and was not given.
            NotAllowed: no key is asked for, and the request came from elsewhere.
        """
        if self.keys is not None:
            return self.keys.accept(header(scope, b"authorization"))
        if not _is_here(header(scope, b"host")):
            raise NotAllowed("a matcher without --require-key-file answers this machine only")
        return ANYBODY


@lru_cache(64)
def _is_here(host: str) -> bool:
    """Tell whether a Host header names this machine."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def _key_of(authorization: str) -> bytes:
    """Return the key in the header, or nothing that any key is."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip().encode("latin-1")
    if scheme.lower() == "basic":
        try:
            return b64decode(given.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _lines(text: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Yield name, key and look-ups a minute of each line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_CALLERS:
        raise BadSettings(f"there are more than {MOST_CALLERS} callers' keys")
    for line in lines:
        words = _LINE.fullmatch(line)
        if words is None:
            raise BadSettings("a line of callers' keys is `key`, `name key` or `name key a-minute`")
        name, key, a_minute = words.groups(b"")
        if len(key) < SHORTEST_KEY:
            raise BadSettings(f"a key of callers has fewer than {SHORTEST_KEY} characters")
        yield name.decode(), key, int(a_minute or 0)


def _digest(key: bytes) -> bytes:
    """Return the digest: comparing it tells nothing of how much of a key was right."""
    return hashlib.sha256(key).digest()
