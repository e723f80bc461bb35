"""How far a library was searched: a small file for each library, beside what was found.

A cursor counts in the numbers of one matcher's data directory and means nothing in another's,
so that it is kept with what tells them apart.
"""

import hashlib
from pathlib import Path
from typing import Literal

import msgspec

from takeback.backscan.library import Kept
from takeback.backscan.plan import BankFacts, put
from takeback.errors import IntegrityFailure, MalformedCursor, OtherScan


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on."""

    format: Literal["takeback-cursor-1"] = "takeback-cursor-1"
    next: int
    instance: str
    """See ``BankFacts.instance``."""


def begin(folder: Path, kept: Kept, bank: BankFacts) -> int:
    """Return where to go on: where the last search into *folder* ended, else the library's scan.

    Raises:
        OtherScan: that was in the numbers of another bank.
        IntegrityFailure: the file is damaged, or of a later release.
    """
    last = _read(folder, kept) or Cursor(next=kept.mark, instance=kept.instance)
    if last.instance != bank.instance:
        refused = OtherScan("the cursor is of another bank, or of a bank before it was made anew")
        refused.hint = "Look for everything once with --since 0; later runs go on after that."
        raise refused
    return last.next


def check(since: int, bank: BankFacts) -> None:
    """Do nothing if the bank was so far once.

    Raises:
        MalformedCursor: it never was.
    """
    if not 0 <= since <= bank.mark:
        refused = MalformedCursor("the bank was never so far; the cursor is of another one")
        refused.hint = "Look for everything with --since 0; `next` is the cursor after it."
        raise refused


def write(folder: Path, kept: Kept, cursor: Cursor) -> None:
    """Write where to go on, whole or not at all; on the disk on return."""
    put(_file(folder, kept), msgspec.json.encode(cursor))


def named(kept: Kept, instance: str = "") -> str:
    """Return eight digits for a library, and a bank; several may share a folder for results."""
    return hashlib.sha256(f"{kept.plan}{instance}".encode()).hexdigest()[:8]


def _file(folder: Path, kept: Kept) -> Path:
    return folder / f"cursor-{named(kept)}.json"


def _read(folder: Path, kept: Kept) -> Cursor | None:
    path = _file(folder, kept)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Cursor)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        damaged = IntegrityFailure("the cursor is damaged, or of a later release")
        damaged.hint = f"Delete {path.name} and look for everything with --since 0."
        raise damaged from None
