"""One of several processes of a matcher: ``python -m takeback.matcher.worker``.

Its two arguments are descriptors: a line to the supervisor, and the socket to answer on. It
reads its options from the line, says there that it answers or why it can't, and stops when
the supervisor is gone.
"""

import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from takeback.errors import TakebackError
from takeback.matcher.options import MatcherOptions

END: Final = b"\n"
COULD_NOT_START: Final = 7


class Greeting(msgspec.Struct):
    """What a process says first."""

    error: str = ""
    """Why it can't start: the name of the error; empty once it answers."""

    detail: str = ""


def sent(options: MatcherOptions) -> bytes:
    """Return the options as they go over the line."""
    return msgspec.json.encode(options, enc_hook=str) + END


def received(line: bytes) -> MatcherOptions:
    """Return the options that came."""
    return msgspec.json.decode(line, type=MatcherOptions, dec_hook=_path)


def _path(kind: type, value: Any) -> Any:  # noqa: ANN401 - as msgspec asks
    if kind is not Path:
        raise TypeError(kind)
    return Path(value)


def main() -> None:
    """Answer until SIGTERM, SIGHUP, or the end of the supervisor."""
    line, sock = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    with line, sock, line.makefile("rb") as file:
        if not (sent_to_us := file.readline()):
            return  # the supervisor is gone already
        options = received(sent_to_us)
        threading.Thread(target=_stop_with, args=(line,), daemon=True).start()
        try:
            _answer(options, sock, line)
        except TakebackError as error:
            line.sendall(msgspec.json.encode(Greeting(type(error).__name__, str(error))))
            sys.exit(COULD_NOT_START)


def _answer(options: MatcherOptions, sock: socket.socket, line: socket.socket) -> None:
    from takeback.matcher.server import answer_on  # here: it compiles

    answer_on(options, sock, lambda: line.sendall(msgspec.json.encode(Greeting())))


def _stop_with(line: socket.socket) -> None:
    """Stop when the other end of the line is closed."""
    with suppress(OSError):
        while line.recv(1):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
