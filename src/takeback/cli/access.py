"""Codes, PINs and slips: read from a prompt, from stdin or from a file, never from argv.

Command lines are kept in histories and shown to every user of a machine, so no option takes
a secret. A file has the form that ``case open --save`` writes.
"""

import os
import sys
from pathlib import Path

import click
import msgspec

from takeback.cases.wire import Access
from takeback.cli import talk
from takeback.errors import MalformedCode


class Secrets(msgspec.Struct, frozen=True):
    """What opens a case; whatever else the JSON holds is ignored."""

    code: str = ""
    pin: str = ""
    slip: str = ""


def read_access(file: Path | None, *, with_slip: bool) -> Access:
    """Return the code and PIN, and the slip when it is to be sent.

    Raises:
        MalformedCode: something is missing, or what should be JSON is not.
    """
    secrets = _read(file, ["code", "pin", "slip"] if with_slip else ["code", "pin"])
    return Access(code=secrets.code, pin=secrets.pin, slip=secrets.slip if with_slip else "")


def read_slip(file: Path | None) -> str:
    """Return the recovery slip.

    Raises:
        MalformedCode: it is missing, or what should be JSON is not.
    """
    return _read(file, ["slip"]).slip


def _read(file: Path | None, names: list[str]) -> Secrets:
    if file is not None:
        return _parse(_bytes_of(file), names)
    if sys.stdin.isatty():
        return Secrets(**{name: _ask(name) for name in names})
    return _parse(sys.stdin.buffer.read(), names)


def _bytes_of(file: Path) -> bytes:
    if os.name == "posix" and file.stat().st_mode & 0o077:
        talk.say("others on this machine can read the secrets file; `chmod 600` it")
    return file.read_bytes()


ASKED = {
    "code": "code (13 characters or six words; nothing shows as you type)",
    "pin": "PIN (six digits)",
    "slip": "recovery slip (25 characters)",
}
"""What a person is asked for, on a terminal."""


def _ask(name: str) -> str:
    answer: str = click.prompt(f"takeback: {ASKED[name]}", hide_input=True, err=True)
    return answer.strip()


def _parse(data: bytes, names: list[str]) -> Secrets:
    try:
        secrets = msgspec.json.decode(data, type=Secrets)
    except msgspec.DecodeError:
        problem = MalformedCode(f"expected JSON with {', '.join(names)}")
        problem.hint = "Name the file of `case open --save` with --secrets-file."
        raise problem from None
    missing = [name for name in names if not getattr(secrets, name)]
    if missing:
        raise MalformedCode(f"the JSON has no {' and no '.join(missing)}")
    return secrets
