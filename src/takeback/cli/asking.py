"""What commands that ask a matcher about many things share: the client, its errors, order."""

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from takeback import errors
from takeback.client import (
    Answer,
    Busy,
    Client,
    KeyRefused,
    MatcherError,
    QuotaSpent,
    Refused,
    Result,
)
from takeback.errors import BadSettings, HubUnreachable, NotSignedIn, TakebackError, TooBusy

Item = TypeVar("Item")
Made = TypeVar("Made")

STOPS: Mapping[type[MatcherError], type[TakebackError]] = {
    KeyRefused: NotSignedIn,
    Busy: TooBusy,
    QuotaSpent: errors.QuotaSpent,
}
"""What ends a command; every other error of a matcher is one that can't be reached."""


def client_for(url: str, key_file: Path | None, within: float) -> Client:
    """Return a client of the matcher at *url*.

    Raises:
        BadSettings: the address can't be used.
    """
    try:
        return Client(url, key_file, within=within)
    except ValueError as problem:
        raise BadSettings(str(problem)) from None


def of_one_upload(error: MatcherError) -> bool:
    """Tell whether *error* is about what was sent, and not about the matcher or the key."""
    return isinstance(error, Refused) and not isinstance(error, KeyRefused)


def ours(error: MatcherError) -> TakebackError:
    """Return what a command ends with when the matcher can't be asked further."""
    stopped = STOPS.get(type(error), HubUnreachable)(str(error))
    stopped.hint = error.hint
    return stopped


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
