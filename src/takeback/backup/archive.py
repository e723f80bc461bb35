"""The backup file: age-encrypted, compressed lines of JSON. Knows no database.

The first line is the header, then one line for each row, then a line that says how many
rows there were; a file without that last line is refused. Nothing is ever written in the
clear: rows go straight through the compressor into age.

Format of age: https://age-encryption.org/v1. ``docs/reference/backup-format.md`` has ours.
"""

import base64
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

import pyrage

from takeback.errors import BadBackupKey, IntegrityFailure

FORMAT = "takeback-backup-1"

BYTES_TAG = "$bytes"

Row = Mapping[str, object]
Line = Mapping[str, object]


def write(target: BinaryIO, recipient: str, lines: Iterable[Line]) -> None:
    """Encrypt *lines* to *recipient* (``age1…``) into *target*, in constant memory.

    Raises:
        BadBackupKey: *recipient* is no age X25519 recipient.
    """
    key = recipient_of(recipient)
    source = io.BufferedReader(_Source(_compress(map(encode, lines))), 1 << 16)
    pyrage.encrypt_io(source, target, [key])


def recipient_of(text: str) -> pyrage.x25519.Recipient:
    """Read a recipient (``age1…``).

    Raises:
        BadBackupKey: it is no age X25519 recipient.
    """
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BadBackupKey("that is no age recipient") from None


def read(source: BinaryIO, identity: str, take: Callable[[Line], None]) -> None:
    """Decrypt *source* and hand each line to *take*, in order, in constant memory.

    Raises:
        BadBackupKey: *identity* is no age identity, or not the backup's.
        IntegrityFailure: the file is damaged or cut off. Lines may have been taken by then,
            so the caller must be able to undo.
    """
    try:
        key = pyrage.x25519.Identity.from_str(identity.strip())
    except pyrage.IdentityError:
        raise BadBackupKey("that is no age identity") from None
    sink = _Sink(take)
    try:
        pyrage.decrypt_io(source, sink, [key])
    except (pyrage.DecryptError, OSError) as problem:
        if sink.problem is not None:
            raise sink.problem from None
        if "key" in str(problem).lower():
            raise BadBackupKey("this identity does not open the backup") from None
        raise IntegrityFailure("the backup is damaged or cut off") from None
    sink.finish()


def encode(line: Line) -> bytes:
    """Return one line of the file."""
    return json.dumps(line, default=_encode_bytes, separators=(",", ":")).encode() + b"\n"


def decode(text: bytes) -> Line:
    """Read one line of the file.

    Raises:
        IntegrityFailure: it is no line of a backup.
    """
    try:
        line = json.loads(text, object_hook=_decode_bytes)
    except ValueError:
        raise IntegrityFailure("the backup is damaged") from None
    if not isinstance(line, dict):
        raise IntegrityFailure("the backup is damaged")
    return line


def _encode_bytes(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return {BYTES_TAG: base64.b64encode(value).decode()}
    raise TypeError(f"a backup can't hold {type(value).__name__}")


def _decode_bytes(value: dict[str, object]) -> object:
    if value.keys() == {BYTES_TAG}:
        return base64.b64decode(str(value[BYTES_TAG]), validate=True)
    return value


def _compress(lines: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(6)
    for line in lines:
        if packed := packer.compress(line):
            yield packed
    yield packer.flush()


class _Source(io.RawIOBase):
    """Presents chunks of bytes as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class _Sink:
    """Takes decrypted bytes as they come and hands on whole lines."""

    def __init__(self, take: Callable[[Line], None]) -> None:
        self._take = take
        self._unpack = zlib.decompressobj()
        self._rest = b""
        self.problem: Exception | None = None

    def write(self, chunk: bytes) -> int:
        """Take one decrypted chunk; keeps the first problem for the caller of ``read``."""
        try:
            self._add(self._unpack.decompress(chunk))
        except zlib.error:
            self.problem = IntegrityFailure("the backup is damaged")
            raise OSError("stopped") from None
        except Exception as problem:
            self.problem = problem
            raise OSError("stopped") from None
        return len(chunk)

    def flush(self) -> None:
        """Nothing is held back that could be flushed."""

    def finish(self) -> None:
        """Hand on what is left and see that the file was whole."""
        self._add(self._unpack.flush())
        if self._rest or not self._unpack.eof:
            raise IntegrityFailure("the backup is cut off")

    def _add(self, text: bytes) -> None:
        *lines, self._rest = (self._rest + text).split(b"\n")
        for line in lines:
            self._take(decode(line))
