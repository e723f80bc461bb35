"""The people of a story, and what each of them does, on one whole hub."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import skimage
from PIL import Image, ImageOps

from takeback.accounts.model import Platform, Role, Staff
from takeback.app import Hub, open_hub
from takeback.cases.wire import (
    Access,
    AgeBand,
    Choices,
    ItemDocument,
    Opened,
    PdqDocument,
    Receipt,
    RegistrationDocument,
)
from takeback.exchange.wire import (
    FeedEntry,
    LookupRequest,
    Match,
    Opinion,
    OpinionsRequest,
    Response,
    ResponsesRequest,
)
from takeback.hashing import PictureSignals, hash_picture
from takeback.ids import random_text
from takeback.settings import Settings
from tests.conftest import FakeClock


def photograph(name: str) -> Path:
    """Return where scikit-image keeps one of its photographs."""
    folder = Path(skimage.__file__).parent / "data"
    return next(iter(sorted(folder.glob(f"{name}.*"))))


def edited(path: Path, *, width: float = 1.0, mirrored: bool = False, quality: int = 50) -> bytes:
    """Return the picture as somebody would post it again: re-encoded, resized, mirrored."""
    image = Image.open(path).convert("RGB")
    image = image.resize((int(image.width * width), int(image.height * width)))
    target = io.BytesIO()
    (ImageOps.mirror(image) if mirrored else image).save(target, "JPEG", quality=quality)
    return target.getvalue()


def registered(signals: PictureSignals) -> ItemDocument:
    """Return the item that a device would register for a picture."""
    document = PdqDocument(str(signals.whole), signals.quality, path=signals.path)
    return ItemDocument([document])


@dataclass
class Reader:
    """A feed platform's matcher, reduced to what it holds."""

    story: "Story"
    platform: Platform
    cursor: str | None = None
    epoch: str = ""
    held: dict[str, FeedEntry] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    """Every signal it ever received."""

    def read(self) -> set[str]:
        """Read the feed to its end, confirm what was withdrawn, and return the held signals."""
        more = True
        while more:
            page = self.story.hub.exchange.feed_page(self.platform, self.cursor, 1000)
            if page.epoch != self.epoch:
                self.held, self.epoch = {}, page.epoch
            for entry in page.entries:
                self._take(entry)
            for marker in page.withdrawals:
                self.story.hub.exchange.confirm_withdrawal(self.platform, marker.id)
            self.cursor, more = page.cursor, page.more
        return {str(entry.signal) for entry in self.held.values()}

    def _take(self, entry: FeedEntry) -> None:
        if entry.state == "gone":
            self.held.pop(entry.number, None)
        else:
            self.held[entry.number] = entry
            self.seen.append(str(entry.signal))


@dataclass
class Story:
    """One hub, its staff and its clock."""

    hub: Hub
    clock: FakeClock
    staff: dict[Role, Staff] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hire the staff, unless the hub has them already."""
        known = {person.role: person for person in self.hub.staff.list()}
        self.staff = known or self._hire()

    def _hire(self) -> dict[Role, Staff]:
        operator, _ = self.hub.staff.add("operator", Role.OPERATOR, None)
        lead, _ = self.hub.staff.add("lead", Role.LEAD, operator)
        caseworker, _ = self.hub.staff.add("caseworker", Role.CASEWORKER, operator)
        return {Role.OPERATOR: operator, Role.LEAD: lead, Role.CASEWORKER: caseworker}

    def platform(self, name: str, *, feed: bool = True, under_18: bool = False) -> Platform:
        """Add a platform; for the feed, two people approve it."""
        operator, lead = self.staff[Role.OPERATOR], self.staff[Role.LEAD]
        platform = self.hub.platforms.add(name, operator)
        if feed:
            self.hub.platforms.approve_feed(platform.id, operator)
            self.hub.platforms.approve_feed(platform.id, lead)
        if under_18:
            self.hub.platforms.mark(platform.id, lead, handles_under_18=True)
        return self.hub.platforms.get(platform.id)

    def opens(
        self,
        *items: ItemDocument,
        age_band: AgeBand = "adult",
        choices: Choices | None = None,
        text: str = "",
        locators: Sequence[str] = (),
    ) -> Opened:
        """Let a reporter open a case."""
        document = RegistrationDocument(
            version=1,
            kind="shared",
            age_band=age_band,
            language="ko",
            items=list(items),
            locators=list(locators),
            text=text,
            choices=choices or Choices(),
        )
        return self.hub.cases.open(document)

    def receipt(self, opened: Opened) -> Receipt:
        """Let the reporter read her receipt."""
        return self.hub.cases.receipt(access(opened))

    def lookup(self, platform: Platform, picture: bytes) -> list[Match]:
        """Let a platform look up an upload, in all eight turns and mirrors."""
        signals = [str(signal) for signal in hash_picture(picture).dihedral]
        answer = self.hub.exchange.lookup(platform, LookupRequest(signals))
        return [match for result in answer.results for match in result.matches]

    def removes(self, platform: Platform, number: str, **changes: object) -> None:
        """Let a platform say that a person confirmed an intimate picture and removed it."""
        self.responds(
            platform,
            number,
            **{
                "response": "removed",
                "confirmed_by_person": True,
                "ground": "intimate",
                **changes,
            },
        )

    def responds(self, platform: Platform, number: str, **fields: object) -> None:
        """Let a platform respond to a match."""
        response = Response(id=random_text(26).encode().hex()[:32], number=number, **fields)  # type: ignore[arg-type]
        self.hub.exchange.responses(platform, ResponsesRequest([response]))

    def says_not_intimate(self, platform: Platform, number: str) -> None:
        """Let a platform say that the picture is no intimate picture."""
        opinion = Opinion(number=number, opinion="negative", reason="not_intimate")
        self.hub.exchange.opinions(platform, OpinionsRequest([opinion]))

    def works(self) -> None:
        """Let the worker do everything that is due."""
        while self.hub.due.run(self.hub.cases.handlers()):
            pass


def access(opened: Opened) -> Access:
    """Return what the reporter types to get in."""
    return Access(opened.code, opened.pin)


def settings_for(folder: Path, database_url: str, **changes: object) -> Settings:
    """Return a hub's settings for a test: no proof of work, no budget in the way."""
    return Settings(
        data=folder / "hub",
        database=database_url,
        proof_of_work_bits=0,
        openings_per_second=10_000,
        **changes,  # type: ignore[arg-type]
    )


@contextmanager
def telling(settings: Settings, clock: FakeClock) -> Iterator[Story]:
    """Open a hub for a story."""
    with open_hub(settings, now=clock) as hub:
        yield Story(hub, clock)
