"""The unmodified StopNCII client of python-threatexchange 1.2.17 against a hub that serves.

Its command fetches and matches; its class pages, submits and gives feedback, because the
command has no words for that.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from threatexchange.exchanges.clients.stopncii.api import (
    StopNCIIAPI,
    StopNCIICSPFeedbackValue,
    StopNCIIEndpoint,
    StopNCIIHashRecord,
    StopNCIISignalType,
)

from takeback.accounts.model import Platform, Role
from takeback.cases.wire import AgeBand, Choices, ItemDocument, Opened, PdqDocument
from takeback.cli.demo.telling import wait_until
from takeback.hashing import hash_picture
from tests.journeys.processes import Runner, Stage, matches, staged
from tests.journeys.story import access, edited, photograph, registered, settings_for

COFFEE, ROCKET, BRICK, CHELSEA, GRAVEL = map(
    photograph, ("coffee", "rocket", "brick", "chelsea", "gravel")
)
NAME = "TAKEBACK"
"""What the partner calls the programme in the command's settings."""

SEED = f"pdq 0 ({NAME}) INVESTIGATION_SEED 0"


@dataclass
class Partner:
    """A platform whose staff use the stock client."""

    stage: Stage
    hub: Runner
    platform: Platform
    home: Path

    def __post_init__(self) -> None:
        """Get the keys and set up the command."""
        self.fetch_key = self.stage.issued(self.platform, "stopncii_fetch")
        self.subscription = self.stage.key(self.platform, "stopncii_subscription")
        self.home.mkdir()
        self.run("config", "collab", "edit", "stop_ncii", "--create", NAME)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the command, at home in a fresh folder."""
        keys = f"{self.fetch_key.text},{self.subscription},{self.hub.url}"
        return subprocess.run(
            [Path(sys.executable).with_name("threatexchange"), *map(str, arguments)],
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], "TX_STOPNCII_KEYS": keys},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def fetches(self) -> None:
        """Fetch, and insist that it worked."""
        done = self.run("fetch")
        assert done.returncode == 0, done.stderr

    def match(self, picture: bytes) -> str:
        """Return what the command says of an upload."""
        upload = self.home / "upload.jpg"
        upload.write_bytes(picture)
        done = self.run("match", "photo", upload)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def api(self) -> StopNCIIAPI:
        """Return the class with a key for each address."""
        keys = {
            StopNCIIEndpoint.SubmitHashes: self.stage.key(self.platform, "stopncii_submit"),
            StopNCIIEndpoint.SubmitFeedback: self.stage.key(self.platform, "stopncii_feedback"),
        }
        return StopNCIIAPI(self.subscription, self.fetch_key.text, keys, self.hub.url)


@dataclass
class Scene:
    """A hub that serves, and whoever uses it."""

    stage: Stage
    hub: Runner

    def __post_init__(self) -> None:
        """Pick up the phone."""
        self.reporter = self.stage.reporter(self.hub)

    def partner(self, name: str, *, under_18: bool = False) -> Partner:
        """Add a partner."""
        platform = self.stage.story.platform(name, under_18=under_18)
        return Partner(self.stage, self.hub, platform, self.stage.folder / f"{name}-home")

    def opens(
        self, *items: ItemDocument, age_band: AgeBand = "adult", partners: bool = True
    ) -> Opened:
        """Open a case at the hub's database; the reporter's own way there has its own tests."""
        choices = Choices(partners=partners)
        return self.stage.story.opens(*items, age_band=age_band, choices=choices)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """A hub process on each of the two databases; each test has partners and signals of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    url = f"sqlite:///{folder / 'hub.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database()
    with staged(folder, settings_for(folder, url)) as stage:
        yield Scene(stage, stage.hub())


def photo(path: Path) -> ItemDocument:
    """Return the item that a device would register for a photograph."""
    return registered(hash_picture(path))


def made_up(signal: str) -> ItemDocument:
    """Return an item with one signal."""
    return ItemDocument([PdqDocument(signal, 100)])


def drawn(count: int) -> list[str]:
    """Return new signals, each far from every other."""
    return [secrets.token_hex(32) for _ in range(count)]


def active(records: list[StopNCIIHashRecord], among: Collection[str]) -> set[str]:
    """Return those *among* some signals that are active by their newest record."""
    newest = {record.hashValue: record.hashStatus.value for record in records}
    return {value for value in among if newest.get(value) == "Active"}


def test_the_command_fetches_matches_and_shows_a_withdrawal_as_disputed(scene: Scene) -> None:
    """What its reporter allowed is matched; our own matcher drops what is withdrawn."""
    partner = scene.partner("partner")
    opened, _ = scene.opens(photo(COFFEE)), scene.opens(photo(ROCKET))
    scene.opens(photo(BRICK), partners=False)
    matcher = scene.stage.matcher(scene.hub, scene.stage.story.platform("own"))
    http, coffee = scene.stage.client(matcher), [str(hash_picture(COFFEE).whole)]
    assert wait_until(lambda: matches(http, coffee) != [[]])

    partner.fetches()
    assert partner.match(COFFEE.read_bytes()) == SEED
    assert NAME in partner.match(edited(ROCKET, width=0.5))
    assert partner.match(BRICK.read_bytes()) == ""
    assert partner.match(GRAVEL.read_bytes()) == ""

    scene.reporter.withdraw(access(opened), None)
    assert wait_until(lambda: matches(http, coffee) == [[]])
    partner.fetches()
    assert "DISPUTED" in partner.match(COFFEE.read_bytes())
    assert partner.match(ROCKET.read_bytes()) == SEED


def test_a_partner_that_is_not_marked_gets_nobody_under_18(scene: Scene) -> None:
    """Nor whose age was not said; a marked partner gets them."""
    unmarked, marked = scene.partner("unmarked"), scene.partner("marked", under_18=True)
    bands: list[AgeBand] = ["under_18", "not_said", "adult"]
    signals = drawn(3)
    for band, signal in zip(bands, signals, strict=True):
        scene.opens(made_up(signal), age_band=band)

    fetched = [each.api().fetch_hashes().hashRecords for each in (unmarked, marked)]

    assert [active(records, signals) for records in fetched] == [{signals[2]}, set(signals)]


def test_pages_lose_and_double_nothing_while_rows_change_under_them(scene: Scene) -> None:
    """Withdrawn behind and ahead of the page, and added: all is there after the next fetch."""
    api, story = scene.partner("pages").api(), scene.stage.story
    signals = drawn(20)
    opened = {signal: scene.opens(made_up(signal)) for signal in signals}
    going, added, records, token = [signals[1], signals[18]], list[str](), [], ""

    while True:
        page = api.fetch_hashes(page_size=3, next_page=token)
        records += page.hashRecords
        if not page.hasMoreRecords:
            break
        token = page.nextPageToken or ""
        if len(added) < 5:
            added += drawn(1)
            scene.opens(made_up(added[-1]))
        if going:
            story.hub.cases.withdraw(access(opened.pop(going.pop())))
    later = api.fetch_hashes(start_timestamp=page.nextSetTimestamp).hashRecords

    wanted = {*opened, *added}
    assert active([*records, *later], [*signals, *added]) == wanted
    sent = [record.hashValue for record in records if record.hashValue in wanted]
    assert len(sent) == len(set(sent))


def test_what_a_partner_submits_is_matched_for_review(scene: Scene) -> None:
    """The class sends Python's name of the enumeration, which is understood."""
    partner, story = scene.partner("submits"), scene.stage.story
    other = story.platform("asks", under_18=True, feed=False)
    made = hash_picture(CHELSEA)

    partner.api().submit_hash(StopNCIISignalType.ImagePDQ, str(made.whole), {"seen"})

    [match] = story.lookup(other, edited(CHELSEA))
    assert (match.ask, match.bank) == ("review", "not_said")
    assert story.lookup(other, edited(GRAVEL)) == []


def test_feedback_without_a_type_finds_its_signal(scene: Scene) -> None:
    """An entry said to be not intimate is kept back from the partner that said so alone."""
    partner, other = scene.partner("says"), scene.partner("hears")
    kept_back, blocked = signals = drawn(2)
    for signal in signals:
        scene.opens(made_up(signal))
    api, kind = partner.api(), StopNCIISignalType.ImagePDQ
    api.fetch_hashes()

    api.submit_feedback(kind, kept_back, StopNCIICSPFeedbackValue.NotBlocked, {"not_intimate"})
    api.submit_feedback(kind, blocked, StopNCIICSPFeedbackValue.Blocked)

    assert active(api.fetch_hashes().hashRecords, signals) == {blocked}
    assert active(other.api().fetch_hashes().hashRecords, signals) == set(signals)
    events = [event for _, event in scene.stage.story.hub.audit.every_event()]
    said = [event.facts["opinion"] for event in events if event.action == "opinion.received"]
    assert said == ["negative", "positive"]


def test_a_revoked_key_is_refused(scene: Scene) -> None:
    """At once, in the command and in the class; the partner's other keys are not enough."""
    partner, story = scene.partner("revoked"), scene.stage.story
    api, signals = partner.api(), drawn(2)
    scene.opens(*map(made_up, signals))
    assert active(api.fetch_hashes().hashRecords, signals) == set(signals)
    partner.fetches()

    story.hub.platforms.revoke(partner.fetch_key.id, story.staff[Role.OPERATOR])

    with pytest.raises(requests.HTTPError, match="401"):
        api.fetch_hashes()
    done = partner.run("fetch")
    assert (done.returncode, "failed to fetch" in done.stderr) == (3, True)
