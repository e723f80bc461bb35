"""What reporters send, checked: from wire documents to values the rest can trust.

Every document is held to its description again here, whoever called, and refused with
the place that is wrong and never the value. Locators are checked for form alone: nothing
is fetched, resolved or judged.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, UnsetType

from takeback.cases import wire
from takeback.cases.model import Choices
from takeback.cases.wire import (
    DigestDocument,
    ItemDocument,
    KeypointDocument,
    PdqDocument,
    SignalDocument,
    VideoDocument,
)
from takeback.errors import KeypointsNotChosen, MalformedBody, QualityTooLow
from takeback.hashing.signal import MINIMUM_QUALITY
from takeback.hashing.signal_types import SignalType, check, from_text, has_keypoints
from takeback.matching.model import BankSignal
from takeback.settings import Settings

MAX_CASE_ITEMS: Final = 1000

MOST_OF: Final = {SignalType.KEYPOINTS: 1, SignalType.VIDEO: 1, SignalType.MD5: 1}
"""Different signals of a type that one picture or video has at most; PDQ has one for each view."""

Document = TypeVar("Document", bound=Struct)

_TYPES: Final[Mapping[type[SignalDocument], SignalType]] = {
    PdqDocument: SignalType.PDQ,
    KeypointDocument: SignalType.KEYPOINTS,
    VideoDocument: SignalType.VIDEO,
    DigestDocument: SignalType.MD5,
}
_PLACE: Final = re.compile(r"at `(\$[A-Za-z_.\[\]0-9]*)`\Z")
_SCHEME: Final = re.compile(r"\A(https?)://", re.IGNORECASE)
_WEB: Final = re.compile(r"\Ahttps?://[^\s/?#@]+(?:[/?#]\S*)?\Z")
_ALLOWED_CONTROLS: Final = "\n\r\t"


@dataclass(frozen=True, slots=True)
class NewItem:
    """One item as the reporter sent it, checked."""

    signals: tuple[BankSignal, ...]
    """Each different one once."""

    locators: tuple[str, ...]
    note: str

    @property
    def keypoints(self) -> bool:
        """Whether keypoint signals are among them, or a video's."""
        return any(has_keypoints(each.type, each.content) for each in self.signals)


def checked(document: Document) -> Document:
    """Return *document* once it keeps its own description.

    Raises:
        MalformedBody: it does not; the message names the place.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(document), type=type(document))
    except msgspec.ValidationError as problem:
        place = _PLACE.search(str(problem))
        raise MalformedBody(f"not as described at {place[1] if place else '$'}") from None
    except (UnicodeError, msgspec.MsgspecError, TypeError):
        raise MalformedBody("not as described at $") from None


def items(documents: Sequence[ItemDocument]) -> list[NewItem]:
    """Check every item before any is stored.

    Raises:
        QualityTooLow: a picture has too little detail to be told apart from others.
        MalformedSignal: a signal is not what its type says.
        MalformedBody: an item has neither a signal nor a locator, more than is of one picture or
            video, or a bad locator or note.
    """
    return [_item(document, f"items[{place}]") for place, document in enumerate(documents)]


def _item(document: ItemDocument, place: str) -> NewItem:
    if not document.signals and not document.locators:
        raise MalformedBody(f"{place} has neither a signal nor a locator")
    return NewItem(
        _signals(document.signals, f"{place}.signals"),
        locators(document.locators, f"{place}.locators"),
        text(document.note, f"{place}.note"),
    )


def check_keypoints(new: Iterable[NewItem], *, chosen: bool) -> None:
    """Refuse keypoint signals that the reporter did not choose.

    Raises:
        KeypointsNotChosen: an item has some, and they are not *chosen*.
    """
    if not chosen and any(item.keypoints for item in new):
        raise KeypointsNotChosen("keypoint signals need the reporter's choice")


def check_offer(*, chosen: bool, settings: Settings) -> None:
    """Refuse keypoint signals that are newly chosen where the operator takes none.

    Raises:
        KeypointsNotChosen: they are *chosen*, and this hub takes none.
    """
    if chosen and not settings.offer_keypoints:
        raise KeypointsNotChosen("this hub takes no keypoint signals")


def _signals(documents: Iterable[SignalDocument], place: str) -> tuple[BankSignal, ...]:
    """Return each different signal once, in the order sent."""
    found: dict[tuple[SignalType, bytes], BankSignal] = {}
    for document in documents:
        signal = _signal(document)
        found.setdefault((signal.type, signal.content), signal)
    counted = Counter(kind for kind, _ in found)
    if any(counted[kind] > most for kind, most in MOST_OF.items()):
        raise MalformedBody(f"{place} holds more than is of one picture or video")
    return tuple(found.values())


def _signal(document: SignalDocument) -> BankSignal:
    kind = _TYPES[type(document)]
    content = from_text(kind, document.value)
    check(kind, content)
    if isinstance(document, PdqDocument):
        if document.quality < MINIMUM_QUALITY:
            raise QualityTooLow(document.quality, MINIMUM_QUALITY)
        return BankSignal(content, document.quality, document.view)
    view = document.view if isinstance(document, KeypointDocument) else "whole"
    return BankSignal(content, view=view, type=kind)


def text(written: str, place: str) -> str:
    """Return free text without space around it.

    Raises:
        MalformedBody: it holds control characters, which no keyboard writes.
    """
    if any(_hidden(character) for character in written if character not in _ALLOWED_CONTROLS):
        raise MalformedBody(f"{place} holds control characters")
    return unicodedata.normalize("NFC", written).strip()


def locators(written: Iterable[str], place: str) -> tuple[str, ...]:
    """Return each different locator once, trimmed.

    Web addresses get a lower-case scheme and host; anything else (a room, an account, a
    place to look) stays as it was typed.

    Raises:
        MalformedBody: one is empty, has several lines or is a broken web address.
    """
    found = (_locator(locator, f"{place}[{number}]") for number, locator in enumerate(written))
    return tuple(dict.fromkeys(found))


def _locator(written: str, place: str) -> str:
    locator = unicodedata.normalize("NFC", written).strip()
    if not locator or any(_hidden(character) for character in locator):
        raise MalformedBody(f"{place} is empty or holds control characters")
    if not _SCHEME.match(locator):
        return locator
    start = re.match(r"[^:]+://[^/?#]*", locator)
    head = "" if start is None else start[0]
    address = head.lower() + locator[len(head) :]
    if not _WEB.match(address):
        raise MalformedBody(f"{place} is no complete web address")
    return address


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")


def choices(written: wire.Choices, today: date, settings: Settings) -> Choices:
    """Return the reporter's choices, checked.

    An end date lies at least the undo time ahead, because nothing undoes it: nobody who
    found the code can hurry a purge with it.

    Raises:
        MalformedBody: the end date is no day, or too near.
    """
    ends_on = _day(written.end_date)
    if ends_on is not None and ends_on < today + timedelta(days=settings.undo_days):
        raise MalformedBody(f"choices.end_date must be {settings.undo_days} days ahead or more")
    return Choices(written.partners, written.keypoints, written.lock, ends_on)


def _day(written: str | UnsetType) -> date | None:
    if isinstance(written, UnsetType):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise MalformedBody("choices.end_date is no day of the calendar") from None


def check_room(held: int, more: int) -> None:
    """Refuse items beyond what one case can hold.

    Raises:
        MalformedBody: the case is full; another one can be opened.
    """
    if held + more > MAX_CASE_ITEMS:
        raise MalformedBody(f"a case holds {MAX_CASE_ITEMS} items; open another one for more")
