"""Reading a refusal that came over HTTP: the same error, words and hint as on the other side."""

from collections.abc import Mapping

import httpx2
import msgspec

from takeback import errors
from takeback.errors import HubUnreachable, TakebackError

_KNOWN: Mapping[str, type[TakebackError]] = {
    name.lower(): kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, TakebackError)
}
"""Every error by its name without capitals, as problem documents name it without dashes."""


class _Problem(msgspec.Struct, frozen=True):
    """As much of a problem document (RFC 9457) as a person needs."""

    type: str = "about:blank"
    title: str = "the request was refused"
    detail: str = ""
    hint: str = ""


def refusal(response: httpx2.Response) -> TakebackError:
    """Return the error that the answer's problem document names, with its words and hint."""
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return HubUnreachable("the address answered, but not as expected")
    name = problem.type.rpartition(":")[2].replace("-", "")
    error = TakebackError.__new__(_KNOWN.get(name, HubUnreachable))
    error.args = (problem.detail or problem.title,)
    error.hint = problem.hint
    return error
