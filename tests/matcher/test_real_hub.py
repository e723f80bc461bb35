"""A matcher beside a real hub: every way in, and what ends it."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from takeback.accounts.model import Platform, Role, Scope
from takeback.cases.wire import Choices, ItemDocument, KeypointDocument, PdqDocument
from takeback.clock import utc_now
from takeback.hashing import PictureSignals, Signal, hash_picture
from takeback.hashing.signal_types import SignalType, to_text
from takeback.matcher.options import MatcherOptions, Source, SourceKind
from tests.conftest import FakeClock
from tests.journeys.story import Story, access
from tests.matcher.conftest import jpeg, photograph, random_signal
from tests.matcher.running import eventually, numbers, ready, running
from tests.web.conftest import serving, settings_for


@dataclass
class Scene:
    """A hub that serves, its people, and where a platform keeps its files."""

    story: Story
    url: str
    folder: Path

    def keys(self, platform: Platform, *scopes: Scope) -> str:
        """Issue keys and return them as a matcher's key file has them."""
        operator = self.story.staff[Role.OPERATOR]
        issued = [self.story.hub.platforms.issue_key(platform.id, operator, s) for s in scopes]
        self.last = issued[-1].id
        return ",".join(key.text for key in issued)

    def options(self, keys: str, kind: SourceKind = "hub", *, ask: bool = False) -> MatcherOptions:
        """Return the options of a matcher with these keys."""
        key_file = self.folder / secrets.token_hex(4)
        key_file.write_text(keys)
        return MatcherOptions(
            sources=(Source(url=self.url, key_file=key_file, kind=kind, name="hub"),),
            data=self.folder / "matcher",
            port=0,
            hashers=1,
            video_hashers=0,
            ask=ask,
            stopncii_seconds=0.2,
        )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A hub with staff, served over HTTP."""
    clock = FakeClock(utc_now())
    with serving(settings_for(tmp_path), clock) as served:
        yield Scene(Story(served.hub, clock), served.url, tmp_path)


def item(signal: Signal) -> ItemDocument:
    """Return a registered item."""
    return ItemDocument([PdqDocument(str(signal), 90)])


@pytest.mark.parametrize("ask", [False, True], ids=["feed", "lookup"])
def test_registered_matches_and_withdrawn_does_not(
    scene: Scene, rng: random.Random, ask: bool
) -> None:
    """In both tiers; what a mark forbids comes in neither."""
    adult, hidden = random_signal(rng), random_signal(rng)
    platform = scene.story.platform("site", feed=not ask)
    scene.story.opens(item(hidden), age_band="under_18")
    with running(scene.options(scene.keys(platform, "partner"), ask=ask)) as client:
        eventually(lambda: ready(client))
        opened = scene.story.opens(item(adult))
        eventually(lambda: len(numbers(client, adult)[0]) == 1)
        assert numbers(client, hidden) == [[]]

        scene.story.hub.cases.withdraw(access(opened), None)

        eventually(lambda: numbers(client, adult) == [[]])


def test_a_crop_matches_by_keypoints_until_she_chooses_otherwise(scene: Scene) -> None:
    """Whole pictures go on matching; only what she chose ends at once."""
    picture = photograph("chelsea")
    registered = hash_picture(jpeg(picture), role="reporter")
    platform = scene.story.platform("site")
    opened = scene.story.opens(whole_item(registered), choices=Choices(keypoints=True))
    with running(scene.options(scene.keys(platform, "partner"))) as client:
        eventually(lambda: ready(client))

        def grounds(upload: Image.Image) -> list[str]:
            headers = {"content-type": "image/jpeg"}
            answer = client.post("/v1/match", content=jpeg(upload), headers=headers)
            return [match["ground"] for match in answer.json()["results"][0]["matches"]]

        crop = picture.crop((130, 60, 430, 270))
        eventually(lambda: grounds(crop) == ["keypoints"])
        assert "whole" in grounds(picture)

        scene.story.hub.cases.choose(access(opened), Choices(keypoints=False))

        eventually(lambda: grounds(crop) == [])
        assert "whole" in grounds(picture)


def whole_item(registered: PictureSignals) -> ItemDocument:
    """Return a registered item with keypoints."""
    (look,) = registered.keypoints
    packed = to_text(SignalType.KEYPOINTS, look.plain.pack())
    whole = PdqDocument(str(registered.whole), registered.quality)
    return ItemDocument([whole, KeypointDocument(packed)])


def test_a_changed_mark_is_a_new_history(scene: Scene, rng: random.Random) -> None:
    """Marked for under-18, the bank is read anew; the mark taken back, it stops."""
    adult, young = random_signal(rng), random_signal(rng)
    platform = scene.story.platform("site")
    scene.story.opens(item(adult))
    scene.story.opens(item(young), age_band="under_18")
    lead = scene.story.staff[Role.LEAD]
    with running(scene.options(scene.keys(platform, "partner"))) as client:
        eventually(lambda: ready(client))
        assert [len(found) for found in numbers(client, adult, young)] == [1, 0]
        scene.story.hub.platforms.mark(platform.id, lead, handles_under_18=True)
        scene.story.opens(item(random_signal(rng)))  # ends the long poll
        eventually(lambda: [len(f) for f in numbers(client, adult, young)] == [1, 1])

        scene.story.hub.platforms.mark(platform.id, lead, handles_under_18=False)

        scene.story.opens(item(random_signal(rng)))
        eventually(lambda: [len(f) for f in numbers(client, adult, young)] == [1, 0])


def test_a_revoked_key_is_noticed_and_the_bank_kept(scene: Scene, rng: random.Random) -> None:
    """The matcher goes on matching and says that a person is needed."""
    signal = random_signal(rng)
    platform = scene.story.platform("site")
    scene.story.opens(item(signal))
    with running(scene.options(scene.keys(platform, "partner"))) as client:
        eventually(lambda: ready(client))
        operator = scene.story.staff[Role.OPERATOR]
        scene.story.hub.platforms.revoke(scene.last, operator)
        scene.story.opens(item(random_signal(rng)))

        eventually(lambda: "hub: refused" in client.get("/ready").text)
        assert len(numbers(client, signal)[0]) == 1


def test_the_hub_is_followed_through_its_partner_api_too(scene: Scene, rng: random.Random) -> None:
    """Only what the reporter allowed; withdrawn is dropped, and feedback arrives."""
    allowed, kept_back = random_signal(rng), random_signal(rng)
    platform = scene.story.platform("site")
    opened = scene.story.opens(item(allowed), choices=Choices(partners=True))
    scene.story.opens(item(kept_back))
    keys = scene.keys(platform, "stopncii_fetch", "stopncii_subscription", "stopncii_feedback")
    with running(scene.options(keys, "stopncii")) as client:
        eventually(lambda: ready(client))
        ((number,), nothing) = numbers(client, allowed, kept_back)
        assert nothing == []
        opinion = {"number": number, "opinion": "positive"}
        client.post("/v1/opinions", json={"opinions": [opinion]})
        eventually(lambda: "outbox_waiting 0.0" in client.get("/metrics").text)
        assert "reports_refused 0.0" in client.get("/metrics").text

        scene.story.hub.cases.withdraw(access(opened), None)

        eventually(lambda: numbers(client, allowed) == [[]])
