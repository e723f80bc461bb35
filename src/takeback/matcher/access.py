"""Who may ask: the keys of the platform's own programs."""

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from takeback.errors import BadSettings, NotAllowed, NotReady, NotSignedIn
from takeback.exchange.client import is_loopback

SHORTEST_KEY = 24
"""Characters a caller's key must have at least; a short one can be guessed."""


@dataclass(slots=True)
class CallerKeys:
    """Keys from a file, one a line. Read again when the file has changed."""

    path: Path
    _version: tuple[int, int] = (0, 0)
    _digests: list[bytes] = field(default_factory=list)

    def accept(self, header: str) -> None:
        """Do nothing for the header ``Bearer <key>`` of a key in the file.

        Raises:
            NotSignedIn: any other header, with the same words.
            NotReady: the file is gone or empty; nobody is let in then.
        """
        try:
            digests = self.digests()
        except BadSettings as problem:
            raise NotReady(str(problem)) from None
        scheme, _, key = header.partition(" ")
        given = _digest(key.strip().encode())
        known = [hmac.compare_digest(given, digest) for digest in digests]
        if scheme.lower() != "bearer" or not any(known):
            raise NotSignedIn("a key of this matcher is needed")

    def digests(self) -> list[bytes]:
        """Return the digest of each key.

        Raises:
            BadSettings: the file can't be read, holds no key, or one that is too short.
        """
        try:
            stat = self.path.stat()
            version = (stat.st_mtime_ns, stat.st_ino)
            if version != self._version:
                self._digests = [_digest(key) for key in _keys(self.path.read_bytes())]
                self._version = version
        except OSError:
            raise BadSettings("the file of callers' keys can't be read") from None
        if not self._digests:
            raise BadSettings("the file of callers' keys holds no key")
        return self._digests


def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let a request pass that carries a key; without keys, one that is meant for loopback.

    Whatever passes requests on from elsewhere, a proxy or a web page that was made to look
    local, names another host.

    Raises:
        NotSignedIn: a key is asked for and was not given.
        NotAllowed: no key is asked for, and the request came from elsewhere.
    """
    keys: CallerKeys | None = connection.app.state.caller_keys
    if keys is not None:
        keys.accept(connection.headers.get("authorization", ""))
    elif not is_loopback(_host(connection.headers.get("host", ""))):
        raise NotAllowed("a matcher without --require-key-file answers this machine only")


def _host(header: str) -> str:
    """Return the host of a Host header, without its port."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _keys(text: bytes) -> list[bytes]:
    keys = [line.strip() for line in text.splitlines() if line.strip()]
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise BadSettings(f"a key of callers has fewer than {SHORTEST_KEY} characters")
    return keys


def _digest(key: bytes) -> bytes:
    """Return the digest, so that every comparison is of equal length."""
    return hashlib.sha256(key).digest()
