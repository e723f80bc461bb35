"""``takeback match --stdin``: paths or signals from a pipe, answers as JSON lines, in order."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from takeback.cli import talk
from takeback.cli.asking import (
    CHECK_PATH,
    answer_as_data,
    as_line,
    file_trouble,
    in_order,
    name_as_text,
    of_one_upload,
    ours,
    path_of,
    result_as_data,
)
from takeback.client import Client, MalformedSignal, MatcherError
from takeback.client.signals import as_text
from takeback.errors import TakebackError

REFUSED: Final = 3
"""Exit code when some lines were refused and all others answered."""

READER_GONE: Final = 141
"""Exit code when whoever reads the answers went away, as the shell reports SIGPIPE."""

AT_HAND: Final = 1 << 20
"""Bytes of standard input taken at a time, if they are there."""

LONGEST: Final = 64 * 1024
"""Bytes of a line that are looked at; no path and no signal has more."""

SELDOM: Final = 30.0
"""Seconds between two lines of progress where nobody sits at the terminal."""

Line = tuple[int, bytes]
"""Its number, from 1, and what stands in it."""

Record = dict[str, Any]

TOO_LONG: Final[Record] = {
    "error": "LineTooLong",
    "detail": f"the line has more than {LONGEST:,} bytes",
    "hint": "With --stdin a new line ends each; where it is a NUL, add -0.",
}
"""What is said of a line that is longer than any path or signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """How standard input is read and asked about."""

    client: Client
    signals: bool
    """Whether the lines are signals and not paths."""

    separator: bytes
    at_once: int


def match_lines(pipe: Pipe) -> int:
    """Ask about every line of standard input and return the exit code.

    Raises:
        TakebackError: the matcher can't be asked further; every line before was answered.
    """
    blocks = at_hand(sys.stdin.buffer, pipe.separator)
    records = _signals(pipe, blocks) if pipe.signals else _paths(pipe, blocks)
    told = Told()
    try:
        for record in records:
            _print(record)
            told.count("error" in record)
    except MatcherError as error:
        raise _stopped(error, told) from None
    except BrokenPipeError:
        let_go_of_stdout()
        return READER_GONE
    return REFUSED if told.refused else 0


def at_hand(stream: BinaryIO, separator: bytes) -> Iterator[list[Line]]:
    """Yield the lines of *stream* in blocks, each as soon as it is there.

    Empty lines are left out, and one that is too long is cut to a byte more than may be.
    """
    number, rest = 0, b""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    while piece := read(AT_HAND):
        *whole, rest = (rest + piece).split(separator)
        rest = rest[: LONGEST + 1]
        yield _numbered(whole, number, separator)
        number += len(whole)
    yield _numbered([rest], number, separator)


def _numbered(texts: Iterable[bytes], before: int, separator: bytes) -> list[Line]:
    ending = b"\r" if separator == b"\n" else b""
    stripped = (text[: LONGEST + 1].removesuffix(ending) for text in texts)
    return [(number, text) for number, text in enumerate(stripped, before + 1) if text]


def _paths(pipe: Pipe, blocks: Iterable[list[Line]]) -> Iterator[Record]:
    def ask(line: Line) -> Record:
        number, name = line
        if len(name) > LONGEST:
            return {"line": number, **TOO_LONG}
        return {"line": number, "path": name_as_text(name), **_about(pipe.client, name)}

    return in_order((line for block in blocks for line in block), ask, pipe.at_once)


def _about(client: Client, name: bytes) -> Record:
    try:
        return answer_as_data(client.match(path_of(name)))
    except (OSError, ValueError) as problem:  # ValueError: a NUL within a name
        hint = CHECK_PATH if isinstance(problem, OSError) else "Where NUL ends each name, add -0."
        return _error("NoSuchFile", file_trouble(problem), hint)
    except MatcherError as error:
        if not of_one_upload(error):
            raise
        return _error(type(error).__name__, str(error), error.hint)


def _signals(pipe: Pipe, blocks: Iterable[list[Line]]) -> Iterator[Record]:
    for block in blocks:
        read = {number: _signal(text) for number, text in block}
        whole = [signal for signal in read.values() if isinstance(signal, str)]
        answer = pipe.client.look_up(whole)
        results = iter(answer.results)
        for number, signal in read.items():
            if isinstance(signal, str):
                said = {**result_as_data(next(results)), "missing": answer.missing}
                yield {"line": number, **said}
            else:
                yield {"line": number, **signal}


def _signal(text: bytes) -> str | Record:
    if len(text) > LONGEST:
        return TOO_LONG
    try:
        return as_text(text.decode("ascii", "replace").strip())
    except MalformedSignal as error:
        return _error(type(error).__name__, str(error), error.hint)


def _error(kind: str, detail: str, hint: str) -> Record:
    return {"error": kind, "detail": detail, "hint": hint}


def _print(record: Record) -> None:
    sys.stdout.buffer.write(as_line(record) + b"\n")
    sys.stdout.buffer.flush()


def _stopped(error: MatcherError, told: "Told") -> TakebackError:
    stopped = ours(error)
    stopped.add_note(f"stopped after {told.done} answers")
    return stopped


def let_go_of_stdout() -> None:
    """Send what Python still wants to flush at its end to nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@dataclass(slots=True)
class Told:
    """Counts what was answered, and says so on stderr once it takes longer."""

    done: int = 0
    refused: int = 0
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def count(self, refused: bool) -> None:
        """Count one line."""
        self.done += 1
        self.refused += refused
        pause = talk.PATIENCE if sys.stderr.isatty() else SELDOM
        if time.monotonic() - self.said >= pause:
            self.said = time.monotonic()
            rate = self.done / (self.said - self.began)
            talk.say(f"{self.done} answered, {self.refused} refused, {rate:.0f} a second")
