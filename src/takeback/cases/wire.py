"""The documents a reporter's device exchanges with the hub. No field can hold a picture.

``docs/reference/registration.md`` shows each with an example; the command line and the
portal send exactly these, and a test holds the bytes sent to this description.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

PdqText = Annotated[
    str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="PDQ, 64 lower-case hexadecimal digits")
]
DigestText = Annotated[
    str, Meta(pattern=r"\A[0-9a-f]{32}\Z", description="MD5, 32 lower-case hexadecimal digits")
]
KeypointText = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9_-]+\Z",
        max_length=3_736,
        description="packed keypoint signals, base64url without padding",
    ),
]
VideoText = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9_-]+\Z",
        max_length=400_000,
        description="packed video signals, base64url without padding",
    ),
]
Kind = Literal["shared", "threatened", "synthetic", "impersonation", "hidden_camera", "sweep"]
AgeBand = Literal["under_18", "adult", "not_said"]
Language = Literal["en", "ko"]
Authority = Literal["self", "parent", "agent", "centre"]
View = Literal[
    "whole",
    "mirror",
    "stored",
    "centre_1x1",
    "centre_4x5",
    "centre_3x4",
    "centre_9x16",
    "centre_16x9",
    "trimmed",
    "uncaptioned",
    "levelled",
]
"""How the picture was looked at, see ``docs/reference/hashing.md``."""
Text = Annotated[str, Meta(max_length=4000)]
Locator = Annotated[str, Meta(min_length=1, max_length=2000)]

MAX_ITEMS = 20
MAX_SIGNALS = 40


class PdqDocument(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="pdq"):
    """The PDQ signal of one view of a picture."""

    value: PdqText
    quality: Annotated[int, Meta(ge=0, le=100)]
    view: View = "whole"
    path: Literal["full", "luminance", "scaled"] = "full"
    """How the pixels were read, see ``takeback.hashing``."""


class KeypointDocument(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="kp1"
):
    """The keypoint signals of a picture; only with the choice ``keypoints``."""

    value: KeypointText
    view: View = "whole"


class VideoDocument(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="video1"
):
    """The signals of a video; with keypoints only with the choice ``keypoints``."""

    value: VideoText


class DigestDocument(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="md5"):
    """The MD5 digest of a video's file, which partners' programs compare."""

    value: DigestText


SignalDocument = PdqDocument | KeypointDocument | VideoDocument | DigestDocument
"""One signal, made on the reporter's device, told apart by ``type``."""


class ItemDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """One picture or video as the hub knows it: its signals and, if she likes, where it is."""

    signals: Annotated[list[SignalDocument], Meta(max_length=MAX_SIGNALS)] = []
    locators: Annotated[list[Locator], Meta(max_length=50)] = []
    note: Text = ""


class Choices(Struct, frozen=True, forbid_unknown_fields=True):
    """What the reporter decides; every default is the careful one."""

    partners: bool = False
    """Whether partners whose programs may go on matching after a withdrawal get the signals."""
    keypoints: bool = False
    """Whether keypoint signals may be registered too: they find much more, and show more of a
    picture to whoever steals them. Off again: those of this case are withdrawn and erased."""
    lock: bool = False
    """Whether a withdrawal waits 72 hours, so that someone who found the code can't hurry it."""
    end_date: Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}-\d{2}\Z")] | UnsetType = UNSET
    """Day on which the case ends and everything in it is purged; without one it never ends."""


class Proof(Struct, frozen=True, forbid_unknown_fields=True):
    """A solved challenge, see ``GET /v1/challenge``."""

    challenge: Annotated[str, Meta(max_length=200)]
    solution: Annotated[str, Meta(max_length=40)]


class Challenge(Struct, frozen=True, forbid_unknown_fields=True):
    """Find a *solution*: SHA-256(challenge + ":" + solution) must begin with *bits* zero bits."""

    challenge: str
    bits: int
    keypoints: bool = True
    """Whether this hub takes keypoint signals; if not, nobody need be asked."""


Attempt = Annotated[
    str, Meta(pattern=r"\A[0-9a-f]{32}\Z", description="32 random hexadecimal digits")
]


class RegistrationDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """All that opening a case sends."""

    version: Literal[1]
    kind: Kind
    age_band: AgeBand
    language: Language
    authority: Authority = "self"
    items: Annotated[list[ItemDocument], Meta(max_length=MAX_ITEMS)] = []
    locators: Annotated[list[Locator], Meta(max_length=50)] = []
    text: Text = ""
    choices: Choices = Choices()
    attempt: Attempt | UnsetType = UNSET
    """Drawn by the device. The same again, within a day, is the same case with a new code: so a
    case whose code was lost on the way back does not stay behind."""
    proof: Proof | UnsetType = UNSET


class Access(Struct, frozen=True, forbid_unknown_fields=True):
    """Code and PIN; the slip is the second factor that lifts the back-off."""

    code: Annotated[str, Meta(max_length=200)]
    """13 characters, or the six words."""
    pin: Annotated[str, Meta(max_length=20)]
    slip: Annotated[str, Meta(max_length=80)] = ""
    proof: Proof | UnsetType = UNSET


class Opened(Struct, frozen=True):
    """Shown once: the keys to the case."""

    case_id: str
    """What she may tell a caseworker. Opens nothing."""
    code: str
    words: list[str]
    pin: str
    slip: str


class AccessRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for the receipt, or undo a withdrawal of the whole case."""

    access: Access


class AddItemsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Add items to a case that is open."""

    access: Access
    items: Annotated[list[ItemDocument], Meta(min_length=1, max_length=MAX_ITEMS)]


class WithdrawalRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Withdraw the case, or one item of it; or undo that within seven days."""

    access: Access
    item_id: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET


class ChoicesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Replace the reporter's choices."""

    access: Access
    choices: Choices


class RecoveryRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A lost code: the slip alone gives a new code, PIN and slip; the old ones stop."""

    slip: Annotated[str, Meta(max_length=80)]
    attempt: Attempt | UnsetType = UNSET
    """Drawn by the device. The same with the same slip, within a day, gives another new code."""
    proof: Proof | UnsetType = UNSET


class Removal(Struct, frozen=True):
    """A platform confirmed an intimate picture and removed it."""

    platform: str
    day: str


class ReceiptItem(Struct, frozen=True):
    """One item on the receipt."""

    item_id: str
    state: Literal["recorded", "protected", "waiting", "suspended", "withdrawing", "withdrawn"]
    """*recorded*: it has locators only, so nothing can be matched. *waiting*: for a
    caseworker's word, because the day's quota was used up. *suspended*: the hub was restored
    without its journal, so it can't know what was withdrawn; she or staff can resume it."""
    registered_on: str
    signals: int
    keypoints: bool
    """Whether keypoint signals are among them, or a video's."""
    removals: list[Removal]
    takes_effect_on: str | None = None
    """Day on which a delayed withdrawal of this item alone takes effect."""


class WithdrawalStatus(Struct, frozen=True):
    """One withdrawal, and who has confirmed it."""

    item_id: str
    on: str
    confirmed: list[str]
    """Platforms whose matchers confirmed that they stopped."""
    waiting: list[str]
    """Platforms that were sent the signals and have not confirmed yet."""
    can_not_confirm: list[str]
    """Partners whose programs have no way to confirm; only when she allowed them."""
    undo_until: str
    keypoints: bool
    """Whether only its keypoint signals were withdrawn, by her choice: nothing undoes that."""


class Receipt(Struct, frozen=True):
    """What the reporter may know. Days only, and only what mission line 2 allows."""

    case_id: str
    status: Literal["open", "closed", "withdrawing", "withdrawn"]
    kind: Kind
    language: Language
    opened_on: str
    compared: bool
    """Whether any platform takes part that may see signals of this case's age band."""
    ends_on: str | None
    locked: bool
    partners: bool
    keypoints: bool
    """Whether keypoint signals may be added."""
    keypoints_end_on: str | None
    """Day on which those of a locked case end, after she chose to have none any more."""
    withdrawal_takes_effect_on: str | None
    items: list[ReceiptItem]
    withdrawals: list[WithdrawalStatus]
