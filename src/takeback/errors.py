"""Every way Takeback can refuse, on one page.

    TakebackError
    ├── BadInput               malformed request; sending it again is pointless
    │   ├── BadSettings
    │   ├── MalformedSignal
    │   ├── NotAPicture
    │   │   ├── PictureTooLarge
    │   │   └── PictureTruncated
    │   ├── NotAVideo
    │   │   └── VideoTooLarge
    │   ├── QualityTooLow
    │   ├── KeypointsNotChosen
    │   ├── MalformedBody
    │   ├── BodyTooLarge
    │   ├── MalformedCursor
    │   ├── MalformedCode
    │   ├── UnsafeAddress
    │   ├── BadProofOfWork
    │   ├── FormTooOld
    │   ├── BadBackupKey
    │   ├── UnreadableInput
    │   ├── UnreadableFile
    │   └── PackageMissing
    ├── NotSignedIn            no key, or one that is not known or was revoked
    ├── NotFound               no such record, or none this actor may see
    ├── NotAllowed             the actor is known and may not do this
    ├── Conflict               well formed, but the current state forbids it
    │   ├── IllegalTransition
    │   ├── OnHold
    │   ├── SamePersonTwice
    │   ├── NameTaken
    │   ├── EpochChanged
    │   └── OtherScan
    ├── Unavailable            try again later
    │   ├── TooBusy
    │   ├── QuotaSpent
    │   ├── NotReady
    │   ├── HubUnreachable
    │   └── StoreUnreachable
    └── IntegrityFailure       stored bytes contradict their digest: stop, tell a person

Raise a leaf, catch a branch. ``problems.py`` maps each branch to an HTTP
status and ``cli/main.py`` maps it to an exit code; no other file knows either.

Messages reach people under stress and end up in logs: say what to do next, and
never include picture bytes, signals, codes, names or locators.
"""


class TakebackError(Exception):
    """Base of every expected failure."""

    hint: str = ""
    """What the reader can do next; one sentence, shown by the web and the command line alike."""


class BadInput(TakebackError):
    """The request is malformed; retrying it unchanged cannot succeed."""


class BadSettings(BadInput):
    """One or more settings are missing or wrong; the message lists all of them."""

    hint = "docs/reference/settings.md lists every setting."


class MalformedSignal(BadInput):
    """Text that should be a signal is not one."""

    hint = "A PDQ signal is exactly 64 lower-case hexadecimal digits."


class NotAPicture(BadInput):
    """The bytes are no picture that can be read."""

    hint = "Use a JPEG, PNG, WebP, GIF, AVIF or HEIC file."


class PictureTooLarge(NotAPicture):
    """The picture has more pixels, or the file more bytes, than is safe to decode."""

    hint = "Make a smaller copy of the picture; half the width and height is enough."


class PictureTruncated(NotAPicture):
    """The file ends before the picture does, so no signal can be trusted."""

    hint = "Copy or download the file again: its end is missing."


class NotAVideo(BadInput):
    """The bytes are no video, or none of which a single frame can be read."""

    hint = "Use an MP4, MOV, WebM, MKV or AVI file; if it stops early, copy or download it again."


class VideoTooLarge(NotAVideo):
    """The video has larger frames, more of them or more bytes than is safe to decode."""

    hint = "Cut the video into parts, or make a smaller copy of it."


class QualityTooLow(BadInput):
    """The picture has too little detail to be told apart from others."""

    hint = "A plain or very dark picture can't be recognised; use one with more to see in it."

    def __init__(self, quality: int, minimum: int) -> None:
        super().__init__(f"quality {quality} is below the minimum of {minimum}")
        self.quality = quality
        self.minimum = minimum


class KeypointsNotChosen(BadInput):
    """Keypoint signals came without the reporter's choice, or to a hub that takes none."""

    hint = "They show more of a picture than other signals: choose `keypoints`, or leave them out."


class MalformedBody(BadInput):
    """The body is not what the interface describes; the message names the place, not the value."""

    hint = "docs/reference/api.md shows the body that is expected."


class BodyTooLarge(BadInput):
    """The body is larger than this address accepts."""

    hint = "Send fewer entries in one call."


class MalformedCursor(BadInput):
    """The cursor was not made by this hub for this platform."""

    hint = "Start again without a cursor; nothing is lost by that."


class MalformedCode(BadInput):
    """The case code, PIN or recovery slip is mistyped."""

    hint = "A code has 13 letters and digits, a PIN six digits; check for a missing one."


class UnsafeAddress(BadInput):
    """A code and a PIN would travel where anyone on the way can read them."""

    hint = "Use https://; plain http:// is for this machine and .onion addresses only."


class BadProofOfWork(BadInput):
    """The proof of work is missing, wrong, expired or used before."""

    hint = "Ask for a new challenge and solve it."


class FormTooOld(BadInput):
    """A form of the portal was open for so long that a stranger may be sending it again."""

    hint = "Open the page again; nothing was done."


class BadBackupKey(BadInput):
    """The recipient or identity is no age key, or not the one the backup was made for."""

    hint = "Use the age key pair made for backups; `age-keygen` or `takeback backup-key` makes one."


class UnreadableInput(BadInput):
    """A back-scan's input or bank is not there, or is none of the kinds that can be read."""

    hint = "Give a folder, or a Parquet or CSV file with a column of paths or signals."


class UnreadableFile(BadInput):
    """A file of a back-scan's list is not there, may not be read, or can't be read whole."""

    hint = "Put right what the reason names, and scan the table of what was refused."


class PackageMissing(BadInput):
    """What was asked for needs a package that is not installed."""

    hint = "Install it beside Takeback; the message names it."


class NotSignedIn(TakebackError):
    """No key was given, or one that is unknown, rotated away or revoked."""

    hint = "Send a current key; a lost one is replaced with `takeback platform key rotate`."


class NotFound(TakebackError):
    """There is no such record, or none that this actor may see."""


class NotAllowed(TakebackError):
    """The actor is known and may not do this."""


class Conflict(TakebackError):
    """The request is well formed, but the current state forbids it."""


class IllegalTransition(Conflict):
    """The workflow has no such step from where the record stands."""


class OnHold(Conflict):
    """A legal hold forbids it until the hold is released."""


class SamePersonTwice(Conflict):
    """Two different people are needed, and the same one, or the same key, came twice."""

    hint = "Ask a second member of staff to confirm with a key file of their own."


class NameTaken(Conflict):
    """Another record has this name, and people could not tell the two apart."""

    hint = "Choose another name."


class EpochChanged(Conflict):
    """The bank's history was rewritten; what was read before this epoch no longer counts."""

    hint = "Drop what you hold and read again from the start, without a cursor."


class OtherScan(Conflict):
    """The folder holds a back-scan of another input or bank, or with other options."""

    hint = "Give the same input, bank and options to go on, or another --out to begin anew."


class Unavailable(TakebackError):
    """It can't be done right now; the same request may succeed later."""

    retry_after: float = 1.0
    """Seconds after which trying again is sensible."""

    hint = "Try again in a moment."


class TooBusy(Unavailable):
    """More work is waiting than may wait, so this request was refused at once."""


class QuotaSpent(Unavailable):
    """The quota for this period is used up."""

    retry_after = 3600.0
    hint = "Wait for the next period, or ask the hub's operator for a larger quota."


class NotReady(Unavailable):
    """The program is starting, stopping or too far behind to answer truthfully."""


class HubUnreachable(Unavailable):
    """The hub did not answer, or not in a way that can be understood."""

    hint = "Check the hub's address and that it is running."


class StoreUnreachable(Unavailable):
    """A store answers nothing, or lets none of its files be read."""

    hint = "Check the network and the credentials; the same command goes on from here."


class IntegrityFailure(TakebackError):
    """Stored bytes contradict their digest; nothing built on them can be trusted."""

    hint = "Stop, keep the files as they are, and tell the person responsible for this hub."
