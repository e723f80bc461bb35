"""Every way in which asking a matcher can fail, on one page.

    MatcherError
    ├── Refused                 the matcher won't take this; sending it again is pointless
    │   ├── MalformedSignal
    │   ├── NotReadable         neither a picture nor a video that can be read
    │   ├── TooLarge            more bytes, pixels or seconds than are allowed
    │   └── KeyRefused          no key, or one that the matcher does not know
    ├── Unavailable             not answered, which is not "no match"; ask again later
    │   ├── Unreachable         no connection, or one that broke
    │   ├── Busy                too many uploads wait, or no bank was read yet
    │   ├── QuotaSpent
    │   └── OutOfTime           your own time limit passed
    └── BadAnswer               something answered, but not as a matcher does
        └── TooLargeForProxy    what stands before the matcher takes no upload of that size

Catch a branch. No message holds a key, a signal or a word of yours; each error has a ``hint``
that says what to do next.
"""


class MatcherError(Exception):
    """Base of every expected failure."""

    hint: str = ""
    """What to do next, one sentence."""

    status: int | None = None
    """HTTP status of the answer, if there was one."""

    type: str = ""
    """The matcher's own name of the error, as ``docs/reference/errors.md`` lists them, for
    example ``urn:takeback:error:not-a-picture``; empty where it named none."""

    detail: str = ""
    """The matcher's own sentence, if it gave one that is fit to be shown."""

    request_id: str = ""
    """What the matcher calls this request, in its log too; empty where there was no answer."""


class Refused(MatcherError):
    """The matcher understood and won't take it; asking again unchanged cannot succeed."""

    hint = "docs/reference/matcher-api.md shows what is expected."


class MalformedSignal(Refused):
    """What should be a PDQ signal is not one. Nothing was sent."""

    hint = "A PDQ signal is 32 bytes, or 64 hexadecimal digits."


class NotReadable(Refused):
    """The upload is neither a picture nor a video that this matcher reads."""

    hint = "Send a picture or a video; your own rules decide about other files."


class TooLarge(Refused):
    """The upload has more bytes, pixels or seconds than the matcher takes."""

    hint = "Send a smaller copy of it."


class KeyRefused(Refused):
    """The matcher wants a key and got none, or one it does not know."""

    hint = "Give the client a key of the matcher's --require-key-file."


class Unavailable(MatcherError):
    """There is no answer. That is not "no match": hold the upload back, or ask again."""

    hint = "Try again in a moment."

    retry_after: float = 0.0
    """Seconds after which the matcher asked to be asked again; 0 if it did not say."""

    untouched: bool = True
    """Whether what was sent certainly had no effect."""


class Unreachable(Unavailable):
    """No connection could be made, or it broke before the answer was complete."""

    hint = "Check the address, and that `takeback matcher` is running there."


class Busy(Unavailable):
    """Too many uploads wait, or the matcher has read no bank yet."""


class QuotaSpent(Unavailable):
    """The quota of this key is used up for now."""

    hint = "Ask less often, or ask whoever runs the matcher for a larger quota."


class OutOfTime(Unavailable):
    """The time limit passed before there was an answer."""

    hint = "Allow more time with `within`, or start more processes of the matcher."


class BadAnswer(MatcherError):
    """Something answered, but not as a matcher does; or the matcher itself failed."""

    hint = "Check the address; if it is the matcher's, look into its log."


class TooLargeForProxy(BadAnswer):
    """A proxy before the matcher refused the upload for its size; no matcher has seen it."""

    hint = "Let the proxy pass what the matcher takes (nginx: client_max_body_size)."
