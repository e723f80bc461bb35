"""The main story: from a picture on one device to a blocked re-upload and a receipt."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Opened, Receipt
from takeback.cli.demo.clock import advance_clock
from takeback.cli.demo.forms import forms
from takeback.cli.demo.pictures import Photograph, copies, others, photograph
from takeback.cli.demo.portal import PortalChapter
from takeback.cli.demo.stage import Platform, Stage, keys_of
from takeback.cli.demo.telling import Stopwatch, Telling, timed, wait_until
from takeback.cli.demo.videos import Videos
from takeback.cli.explain.found import evidence_of
from takeback.cli.explain.reasons import ground_in_words
from takeback.client import Response
from takeback.hashing import MINIMUM_QUALITY, hash_picture
from takeback.hashing.video import hash_video
from takeback.ids import CaseId
from takeback.matcher.documents import HubMatch

SOON = 1.0
"""Seconds within which a registration matches everywhere, and a withdrawal stops it."""

DAYS = 4
"""Days after which a removal shows on every receipt; it is held back for one to three."""

_DIFFERING = re.compile(rb"(case|item)_[0-9a-z]{16}|\d{4}-\d{2}-\d{2}")


@dataclass(slots=True)
class Story:
    """Plays the story on a stage, one chapter after the other."""

    stage: Stage
    telling: Telling
    picture: Photograph
    videos: Videos
    control: Photograph = field(default_factory=lambda: photograph("chelsea.png"))
    test: Photograph = field(default_factory=lambda: photograph("rocket.jpg"))
    quiet: Photograph = field(default_factory=lambda: photograph("motorcycle_left.png"))

    def play(self) -> Opened:
        """Play everything and return what opens the first case."""
        opened = self.open()
        self.vouch(opened)
        self.catch()
        self.catch_other_forms()
        self.let_others_through()
        self.report_removal(opened)
        test, quiet = self.judge_not_intimate()
        self.four_days_later(opened, test, quiet)
        self.withdraw(opened)
        self.prove()
        PortalChapter(self.stage.pages, self.telling).play(opened, self.stage.feed.name)
        return opened

    def open(self) -> Opened:
        """A reporter makes signals on her device and opens a case; both platforms know at once."""
        self.telling.chapter("On the reporter's device")
        unknown = not any(self._matches(platform) for platform in self.stage.platforms)
        self.telling.step(f"{self.picture.name} is known at neither platform", unknown)
        self._make_signals()
        self._choose_keypoints()
        with timed() as took:
            opened = self.stage.register(self.picture.data, self.videos.registered, keypoints=True)
        self.telling.step("case opened, with signals only", bool(opened.code), str(took))
        sent, size = sum(map(len, self.stage.sent)), len(self.picture.data)
        film = self.videos.registered.stat().st_size
        stayed = f"the picture, {size} bytes, and the video, {film} bytes, stayed here"
        self.telling.note(f"{sent} bytes were sent; {stayed}")
        self._caught_within("the hub's answer", "review")
        return opened

    def _make_signals(self) -> None:
        """Her picture and her video become signals."""
        with timed() as took:
            made = hash_picture(self.picture.data, role="reporter")
        enough = made.quality >= MINIMUM_QUALITY
        what = f"signals of {self.picture.name} made, quality {made.quality}"
        self.telling.step(what, enough, str(took))
        with timed() as took:
            video = hash_video(self.videos.registered, role="reporter")
        what = f"signals of {self.videos.registered.name} made, {len(video)} frames of a minute"
        self.telling.step(what, video.complete and len(video) > 0, str(took))

    def _choose_keypoints(self) -> None:
        """She reads one sentence, and says yes."""
        self.telling.note("She is asked whether keypoint signals may be registered too:")
        self.telling.paragraph(f"“{KEYPOINTS_SENTENCE['en']}”")
        self.telling.note("She says yes.")

    def vouch(self, opened: Opened) -> None:
        """A caseworker vouches, without seeing the picture."""
        self.telling.chapter("At the support centre")
        self.stage.desk.cases.desk.vouch(CaseId(opened.case_id), self.stage.caseworker)
        self.telling.step("a caseworker vouched; nobody saw a picture", True)
        self._caught_within("the vouch", "remove")

    def catch(self) -> None:
        """Copies are caught at both platforms, an unrelated picture at neither."""
        self.telling.chapter("At the platforms: somebody uploads a copy")
        for what, copy in copies(self.picture).items():
            for platform in self.stage.platforms:
                with timed() as took:
                    found = platform.matches(copy)
                self._caught(what, platform, found, took)
        for platform in self.stage.platforms:
            found = platform.matches(self.control.data)
            self.telling.step(
                f"{self.control.name} (control): let through by {platform.name}", not found
            )

    def catch_other_forms(self) -> None:
        """A screenshot, a crop, a sticker and an excerpt of the video are caught, and why."""
        self.telling.chapter("Somebody posts it in other forms")
        for what, upload in self._other_forms().items():
            with timed() as took:
                found = self.stage.feed.matches(upload)
            self._caught(what, self.stage.feed, found, took)

    def let_others_through(self) -> None:
        """Pictures and a video that have nothing to do with it are let through."""
        pictures, name = list(others()), self.stage.feed.name
        with timed() as took:
            caught = sum(bool(self.stage.feed.matches(each)) for each in pictures)
        what = f"{len(pictures)} other pictures: all let through by {name}"
        self.telling.step(what, caught == 0, str(took))
        found = self.stage.feed.matches(self.videos.other.read_bytes())
        self.telling.step(f"another video: let through by {name}", not found)

    def _caught(
        self, what: str, platform: Platform, found: Sequence[HubMatch], took: Stopwatch
    ) -> None:
        """Tell that an upload was caught, on which ground and how soon."""
        why = ground_in_words(evidence_of(found[0])) if found else "no match"
        self.telling.step(f"{what}: caught by {platform.name}", bool(found), f"{why}, {took}")

    def _other_forms(self) -> Mapping[str, bytes]:
        excerpt = self.videos.reposted.read_bytes()
        return {**forms(self.picture), "ten seconds of video, framed": excerpt}

    def report_removal(self, opened: Opened) -> None:
        """A person at the platform confirms; the receipt does not show it yet."""
        self.telling.chapter("A person at the platform looks, confirms and removes")
        match = self._match(self.stage.feed, self.picture)
        self.stage.feed.respond(
            _response(match, response="removed", confirmed_by_person=True, ground="intimate")
        )
        recorded = wait_until(lambda: self.stage.heard("removal.recorded") == 1)
        self.telling.step(f"{self.stage.feed.name} reported the removal", recorded)
        shown = _removals(self.stage.receipt(opened))
        self.telling.step("the receipt shows nothing yet", shown == [])

    def judge_not_intimate(self) -> tuple[Opened, Opened]:
        """Two more cases: one picture is judged "not intimate", the other never matches."""
        self.telling.chapter("Somebody tests the system with an ordinary photograph")
        test, quiet = (self.stage.register(each.data) for each in (self.test, self.quiet))
        wait_until(lambda: bool(self.stage.feed.matches(self.test.data)))
        match = self._match(self.stage.feed, self.test)
        before = self.stage.heard("response.received")
        self.stage.feed.respond(_response(match, response="kept", reason="not_intimate"))
        received = wait_until(lambda: self.stage.heard("response.received") > before)
        self.telling.step(f"{self.test.name}: matched, and judged not intimate", received)
        self._look_alike(test, quiet)
        return test, quiet

    def four_days_later(self, opened: Opened, test: Opened, quiet: Opened) -> None:
        """The hub's clock is moved on; now the removal shows, and nothing else does."""
        self.telling.chapter(f"{DAYS} days later (takeback demo advance {DAYS}d)")
        removed_on = self.stage.desk.now().date().isoformat()
        advance_clock(self.stage.hub.url, DAYS)
        shown = _removals(self.stage.receipt(opened))
        self.telling.step(
            f"the receipt shows: {self.stage.feed.name} removed it",
            shown == [(self.stage.feed.name, removed_on)],
            f"on {removed_on}, to the day",
        )
        self._look_alike(test, quiet)

    def withdraw(self, opened: Opened) -> None:
        """She takes the case back; every matcher stops."""
        self.telling.chapter("She withdraws the case")
        self.stage.reporter.withdraw(keys_of(opened), None)
        with timed() as took:
            stopped = self._everywhere(lambda platform: not self._matches(platform))
        self.telling.step("both matchers stopped", stopped and took.seconds < SOON, str(took))
        caught = [each for each in self._other_forms().values() if self.stage.feed.matches(each)]
        self.telling.step("the other forms are not caught any more either", not caught)
        confirmed = wait_until(lambda: self._confirmed(opened))
        self.telling.step(f"the receipt says that {self.stage.feed.name} confirmed", confirmed)

    def prove(self) -> None:
        """Everything that happened is in the audit log, and the log is whole."""
        self.telling.chapter("The audit log")
        with timed() as took:
            verified = self.stage.desk.audit.verify()
        self.telling.step(f"{verified.size} events, whole and in order", True, str(took))

    def _caught_within(self, since: str, asks: str) -> None:
        """Measure until both matchers know the picture and ask the platform to do *asks*."""
        with timed() as took:
            caught = self._everywhere(lambda platform: self._asks(platform) == asks)
        what = f"both matchers know it after {since}, and ask to {asks}"
        self.telling.step(what, caught and took.seconds < SOON, str(took))

    def _everywhere(self, condition: Callable[[Platform], bool]) -> bool:
        """Wait until *condition* holds at every platform."""
        return all(wait_until(partial(condition, each)) for each in self.stage.platforms)

    def _look_alike(self, test: Opened, quiet: Opened) -> None:
        """A receipt that was judged "not intimate" is one that was never matched."""
        receipts = [_bare(self.stage.receipt(each)) for each in (test, quiet)]
        same = receipts[0] == receipts[1]
        self.telling.step(
            "its receipt is like that of one never matched", same, "byte for byte, but for dates"
        )

    def _matches(self, platform: Platform) -> list[HubMatch]:
        return platform.matches(self.picture.data)

    def _asks(self, platform: Platform) -> str:
        return next((match.ask for match in self._matches(platform)), "")

    def _match(self, platform: Platform, picture: Photograph) -> HubMatch:
        return platform.matches(picture.data)[0]

    def _confirmed(self, opened: Opened) -> bool:
        withdrawals = self.stage.receipt(opened).withdrawals
        return bool(withdrawals) and all(
            self.stage.feed.name in each.confirmed for each in withdrawals
        )


def _response(match: HubMatch, **said: object) -> Response:
    """Return a platform's response about *match*."""
    return msgspec.convert({"number": match.number, "hub": match.hub, **said}, Response)


def _removals(receipt: Receipt) -> list[tuple[str, str]]:
    return [(removal.platform, removal.day) for item in receipt.items for removal in item.removals]


def _bare(receipt: Receipt) -> bytes:
    """Return the receipt as bytes, without what differs between any two: ids and dates."""
    return _DIFFERING.sub(b"", msgspec.json.encode(receipt))
