"""The plan of a scan: what is scanned, against what, in which numbered shards.

Written once, before anything is hashed, and never changed: it says which results belong to the
scan, and a scan that was stopped goes on by it.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from takeback.errors import IntegrityFailure, OtherScan

FILE: Final = "plan.json"

Kind = Literal["files", "signals"]
"""What the input lists: pictures and videos to be hashed, or ready signals."""

Views = Literal["all", "plain"]
"""Every way a matcher looks at an upload, or each picture whole alone, which is cheaper."""

LARGE: Final[dict[Kind, int]] = {"files": 1_000, "signals": 100_000}
"""Rows of one shard of a large input …"""

MOST_SHARDS: Final = 100_000
"""… more where there would be more shards than this …"""

ENOUGH_SHARDS: Final = 256
"""… and fewer where there would be fewer than this, so that every worker has some …"""

SMALL: Final[dict[Kind, int]] = {"files": 20, "signals": 10_000}
"""… but no fewer than these."""


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What changes the results, and must be the same when a scan goes on."""

    limit: int = 100
    """Most entries that are written of one file."""

    views: Views = "all"
    """How pictures are looked at; a matcher's ``?views=`` is the same."""

    videos: bool = True
    """Whether videos are hashed; otherwise they are refused."""

    keep: bool = False
    """Whether the library's own signals are kept, for signals that are registered later."""

    protocols: tuple[str, ...] = ()
    """Where else than with the list its rows may lie; ``file`` is this machine."""


class Shard(msgspec.Struct, frozen=True, array_like=True):
    """Some rows of the input that are done as one."""

    number: int
    file: int
    """Which of the plan's files."""

    first: int
    """Its first row in that file."""

    rows: int
    before: int
    """Rows of the whole input before it."""


class ListFile(msgspec.Struct, frozen=True):
    """A Parquet file that lists what is scanned."""

    url: str
    rows: int


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The input as Parquet files with a column to read."""

    kind: Kind
    column: str
    """The column of paths or signals."""

    names: str | None = None
    """Beside signals: the column that names each."""

    base: str = ""
    """Where relative paths begin."""

    digest: str
    """SHA-256 of the list's bytes."""

    files: list[ListFile]

    folder: bool = False
    """Whether it lists a folder as it was when the scan was planned."""

    @property
    def rows(self) -> int:
        """Rows of all files together."""
        return sum(file.rows for file in self.files)


class BankFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Which bank is compared with."""

    path: str
    identity: str
    """Tells this bank from another in the same place."""

    mark: int = 0
    """How far it was when the scan was planned; it follows its feed meanwhile."""

    instance: str = ""
    """Whose numbers a mark counts in: marks of one mean nothing in another. A list has none."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One scan."""

    format: Literal["takeback-backscan-1"] = "takeback-backscan-1"
    input: str
    listing: Listing
    bank: BankFacts
    choices: Choices
    shards: list[Shard]

    @property
    def rows(self) -> int:
        """Rows of the whole input."""
        return self.listing.rows

    @property
    def digest(self) -> str:
        """SHA-256 of the plan."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def check_input(self, url: str) -> None:
        """Refuse to go on with another input.

        Raises:
            OtherScan: it is another.
        """
        if self.input != url:
            raise OtherScan("this folder holds a scan of another input")

    def check(self, wanted: "Plan") -> None:
        """Refuse to go on if *wanted* is another scan.

        Raises:
            OtherScan: says in what they differ.
        """
        self.check_input(wanted.input)
        for what, mine, theirs in (
            ("column", _columns(self.listing), _columns(wanted.listing)),
            ("content of the input", self.listing.digest, wanted.listing.digest),
            ("bank", _bank(self.bank), _bank(wanted.bank)),
            ("choice of options", self.choices, wanted.choices),
        ):
            if mine != theirs:
                raise OtherScan(f"this folder holds a scan of another {what}")


def _columns(listing: Listing) -> tuple[Any, ...]:
    return listing.kind, listing.column, listing.names


def _bank(bank: BankFacts) -> tuple[str, str]:
    return bank.path, bank.identity


def cut(files: Sequence[ListFile], kind: Kind) -> list[Shard]:
    """Cut the list into shards; none reaches over the end of a file."""
    total = sum(file.rows for file in files)
    rows = max(SMALL[kind], min(LARGE[kind], -(-total // ENOUGH_SHARDS)))
    return list(_cut(files, max(rows, -(-total // MOST_SHARDS))))


def _cut(files: Sequence[ListFile], rows: int) -> Iterator[Shard]:
    number = before = 0
    for index, file in enumerate(files):
        for first in range(0, file.rows, rows):
            count = min(rows, file.rows - first)
            yield Shard(number, index, first, count, before)
            number, before = number + 1, before + count


def read(folder: Path) -> Plan | None:
    """Return the plan in *folder*, or None where there is none.

    Raises:
        IntegrityFailure: it is damaged, or of a later release.
    """
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Plan)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise IntegrityFailure("the plan of the scan is damaged, or of a later release") from None


def write(folder: Path, plan: Plan) -> None:
    """Write the plan whole or not at all."""
    put(folder / FILE, msgspec.json.format(msgspec.json.encode(plan), indent=1))


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its user only; on the disk on return."""
    part = path.with_name(path.name + PART)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    settle(part, path)


PART: Final = ".part"
"""Ends the name of a file that is being written."""


def settle(part: Path, path: Path) -> None:
    """Give a file that is written and synchronised its name."""
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
