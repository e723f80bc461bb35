"""What commands that ask a matcher about many things share: the client, its errors, order."""

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from takeback import errors
from takeback.cli import talk
from takeback.cli.output import escaped
from takeback.client import (
    Answer,
    BadAnswer,
    Busy,
    Client,
    KeyRefused,
    MatcherError,
    NotReadable,
    OutOfTime,
    QuotaSpent,
    Refused,
    Result,
    TooLarge,
    TooLargeForProxy,
    Unreachable,
)
from takeback.errors import (
    BadSettings,
    BodyTooLarge,
    HubUnreachable,
    MalformedBody,
    NotAPicture,
    NotSignedIn,
    PictureTooLarge,
    TakebackError,
    TooBusy,
)

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Item = TypeVar("Item")
Made = TypeVar("Made")

KNOCK: Final = 10.0
"""Seconds in which a matcher that is there says so."""

OURS: Final[Mapping[type[MatcherError], type[TakebackError]]] = {
    Refused: MalformedBody,
    NotReadable: NotAPicture,
    TooLarge: PictureTooLarge,
    TooLargeForProxy: BodyTooLarge,
    KeyRefused: NotSignedIn,
    Busy: TooBusy,
    QuotaSpent: errors.QuotaSpent,
}
"""What a command calls an error; every other one of a matcher is one that can't be reached."""

CHECK_PATH: Final = "Check the path, and that you may read the file."

HINTS: Final[Mapping[str, str]] = {
    Unreachable.hint: "Check --matcher, and that `takeback matcher` is running there.",
    BadAnswer.hint: "Check --matcher; if it is the matcher's address, look into its log.",
    OutOfTime.hint: "Allow more time with --within, or start more processes of the matcher.",
    KeyRefused.hint: "Give --key-file a key of the matcher's --require-key-file.",
}
"""The client's hints, in words of the command line."""


def matcher_options(command: Decorated) -> Decorated:
    """Add the options that say which matcher is asked: ``url``, ``key_file``, ``allow_http``."""
    allow_http = click.option(
        "--allow-http",
        is_flag=True,
        help="Ask another machine over plain http: uploads and the key go in the clear.",
    )
    key_file = click.option(
        "--key-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A key that the matcher accepts, when it asks for one.",
    )
    url = click.option(
        "--matcher", "url", metavar="URL", default="http://127.0.0.1:8090", show_default=True
    )
    return url(key_file(allow_http(command)))


def client_for(
    url: str, key_file: Path | None, within: float, *, allow_http: bool = False
) -> Client:
    """Return a client of the matcher at *url*.

    Raises:
        BadSettings: the address can't be used, or uploads would travel in the clear.
    """
    try:
        return Client(url, key_file, within=within, allow_http=allow_http)
    except ValueError as problem:
        refused = BadSettings(str(problem))
        refused.hint = (
            "Give --matcher an https address, or --allow-http where the network is all yours."
        )
        raise refused from None


def knock(client: Client) -> None:
    """See whether anybody is there at all, before files are read and answers waited for.

    Raises:
        Unreachable: nobody is.
        OutOfTime: somebody is, and says nothing.
    """
    try:
        client.ready(within=KNOCK)
    except (Unreachable, OutOfTime):
        raise
    except MatcherError:  # somebody is there, and will say what is wrong when it is asked
        return


def of_one_upload(error: MatcherError) -> bool:
    """Tell whether *error* is about what was sent, and not about the matcher or the key."""
    final = isinstance(error, Refused) and not isinstance(error, KeyRefused)
    return final or isinstance(error, TooLargeForProxy)


def ours(error: MatcherError) -> TakebackError:
    """Return what a command says, and ends with, when the matcher answers with *error*."""
    said = error.detail if of_one_upload(error) else ""
    refused = OURS.get(type(error), HubUnreachable)(said or str(error))
    refused.hint = HINTS.get(error.hint, error.hint)
    return refused


def result_as_data(result: Result) -> dict[str, Any]:
    """Return *result* as the matcher gave it, without what it left out."""
    data = _said(result)
    data["matches"] = [_said(match) for match in result.matches]
    return data


def answer_as_data(answer: Answer) -> dict[str, Any]:
    """Return the answer about one upload as one record."""
    [result] = answer.results
    return {**result_as_data(result), "missing": answer.missing}


def name_as_text(name: bytes) -> str:
    """Return a file's name as text that every JSON reader takes."""
    return name.decode("utf-8", "backslashreplace")


def as_line(record: Mapping[str, Any]) -> bytes:
    """Return *record* as one line of JSON that is safe to show on a terminal."""
    return escaped(msgspec.json.encode(record).decode()).encode()


def file_trouble(problem: OSError | ValueError) -> str:
    """Say why a file can't be read; a ValueError is about a name with a NUL in it."""
    if isinstance(problem, OSError):
        return talk.plain(problem.strerror or "the operating system refused")
    return "no name of a file has a NUL in it"


def path_of(name: bytes) -> Path:
    """Return a file's name as the operating system takes it."""
    return Path(os.fsdecode(name))


def in_order(
    items: Iterable[Item], do: Callable[[Item], Made], at_once: int
) -> Generator[Made, None, None]:
    """Call *do* with each item, several at once, and yield what they return, in order.

    *items* is read in a thread of its own, so that what is done is yielded also while the next
    item lets wait for itself. At most twice *at_once* items are ahead of the last one yielded.
    """
    futures: queue.Queue[Future[Made] | None] = queue.Queue(2 * at_once)
    pool, stopped = ThreadPoolExecutor(at_once), threading.Event()

    def feed() -> None:
        try:
            for item in items:
                if stopped.is_set():
                    break
                futures.put(pool.submit(do, item))
        except BaseException as problem:
            failed: Future[Made] = Future()
            failed.set_exception(problem)
            futures.put(failed)
        futures.put(None)

    threading.Thread(target=feed, daemon=True).start()
    try:
        while (future := futures.get()) is not None:
            yield future.result()
    finally:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
        with suppress(queue.Empty):
            while True:
                futures.get_nowait()  # so that nobody waits for room any more


def _said(document: Result | Any) -> dict[str, Any]:  # noqa: ANN401 - any of the documents
    given = msgspec.structs.asdict(document)
    return {name: value for name, value in given.items() if value is not None}
