"""Backups: made while the hub serves, and never a way back for what was taken back."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from takeback.accounts.model import Role, TakenAway, Tier
from takeback.app import open_hub, restore_hub
from takeback.cases.wire import Choices, ItemDocument, KeypointDocument, Opened
from takeback.errors import (
    BadBackupKey,
    Conflict,
    EpochChanged,
    IntegrityFailure,
    NotFound,
    NotSignedIn,
)
from takeback.hashing import hash_picture
from takeback.hashing.signal_types import SignalType, to_text
from takeback.ids import CaseId
from takeback.settings import Settings
from tests.conftest import FakeClock
from tests.journeys.story import (
    Reader,
    Story,
    access,
    edited,
    photograph,
    registered,
    settings_for,
    telling,
)
from tests.postgres import PostgresServer

IDENTITY = pyrage.x25519.Identity.generate()
PICTURES = [photograph(name) for name in ("coffee", "rocket", "brick", "grass")]

NewDatabase = Callable[[], str]


@pytest.fixture
def new_database(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> NewDatabase:
    """Make a second empty database of the same kind."""

    def make() -> str:
        if database_url.startswith("sqlite"):
            return f"sqlite:///{tmp_path / 'restored.db'}"
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.create_database()

    return make


def item(path: Path) -> ItemDocument:
    """Return a photograph's item."""
    return registered(hash_picture(path))


def described(path: Path) -> ItemDocument:
    """Return a photograph's item with its keypoint signals."""
    signals = hash_picture(path, role="reporter")
    packed = to_text(SignalType.KEYPOINTS, signals.keypoints[0].plain.pack())
    return ItemDocument([*registered(signals).signals, KeypointDocument(packed)])


def backed_up(story: Story, folder: Path) -> Path:
    """Make a backup."""
    target = folder / "hub.backup"
    story.hub.backups.make(target, str(IDENTITY.to_public()), "operator")
    return target


def new_place(settings: Settings, folder: Path, url: str) -> Settings:
    """Return settings for a fresh server that has only the copy of the hub's key file."""
    place = folder / "new-server"
    place.mkdir()
    shutil.copy(settings.data / "hub.key", place / "hub.key")
    return replace(settings, data=place, database=url)


def synchronised(reader: Reader, story: Story) -> set[str]:
    """Let a matcher that read the old hub go on with the restored one; return what it holds."""
    reader.story = story
    try:
        return reader.read()
    except EpochChanged:
        reader.cursor = None
        return reader.read()


def test_what_was_withdrawn_or_purged_after_the_backup_stays_gone(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """Back up, withdraw, restore with the journal: no match, and matchers resynchronise."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story:
        forum = story.platform("forum")
        reader = Reader(story, forum)
        kept, purged, withdrawn, undone = (story.opens(item(path)) for path in PICTURES)
        backup = backed_up(story, tmp_path)
        assert len(reader.read()) == 4
        story.hub.cases.withdraw(access(purged))
        story.clock.advance(timedelta(days=8))
        story.works()
        for opened in (withdrawn, undone):
            story.hub.cases.withdraw(access(opened))
        story.hub.cases.undo(access(undone))
        protected = reader.read()

    place = new_place(settings, tmp_path, new_database())
    restored = restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    assert restored.with_journal
    with telling(place, clock) as story:
        matches = [story.lookup(forum, edited(path)) != [] for path in PICTURES]
        assert matches == [True, False, False, True]
        assert synchronised(reader, story) == protected
        with pytest.raises(NotFound):
            story.receipt(purged)
        assert story.receipt(withdrawn).status == "withdrawn"
        assert story.receipt(kept).items[0].state == "protected"
        story.hub.audit.verify()


def test_without_the_journal_nothing_matches_until_a_person_decides(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """Every entry starts suspended; the reporter's own word brings hers back."""
    settings = settings_for(tmp_path, database_url)
    with telling(settings, clock) as story:
        forum = story.platform("forum")
        first, _ = (story.opens(item(path)) for path in PICTURES[:2])
        backup = backed_up(story, tmp_path)

    place = new_place(settings, tmp_path, new_database())
    restored = restore_hub(place, backup, str(IDENTITY), None, clock)

    assert not restored.with_journal
    with telling(place, clock) as story:
        assert [story.lookup(forum, edited(path)) for path in PICTURES[:2]] == [[], []]
        assert story.receipt(first).items[0].state == "suspended"
        story.hub.cases.resume(access(first))
        assert story.receipt(first).items[0].state == "protected"
        assert story.lookup(forum, edited(PICTURES[0])) != []
        assert story.lookup(forum, edited(PICTURES[1])) == []


@pytest.mark.parametrize("taken", ["revoke", "rotate"])
def test_a_key_taken_away_after_the_backup_opens_nothing(
    tmp_path: Path,
    database_url: str,
    clock: FakeClock,
    new_database: NewDatabase,
    taken: str,
) -> None:
    """The backup knows neither a revocation nor a successor with its end; the journal does."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story:
        operator = story.staff[Role.OPERATOR]
        key = story.hub.platforms.issue_key(story.platform("forum").id, operator, "partner")
        backup = backed_up(story, tmp_path)
        getattr(story.hub.platforms, taken)(key.id, operator)

    place = new_place(settings, tmp_path, new_database())
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story, pytest.raises(NotSignedIn):
        story.hub.platforms.authenticate(key.text, "partner")


def test_a_backup_moves_a_hub_from_sqlite_to_postgresql(
    tmp_path: Path, clock: FakeClock, postgres: PostgresServer
) -> None:
    """The file knows no database: a small centre may grow."""
    settings = settings_for(tmp_path, "", journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story:
        forum = story.platform("forum")
        opened = story.opens(item(PICTURES[0]))
        backup = backed_up(story, tmp_path)
    place = new_place(settings, tmp_path, postgres.create_database())

    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        assert story.lookup(forum, edited(PICTURES[0])) != []
        assert story.receipt(opened).items[0].state == "protected"
        story.opens(item(PICTURES[1]))
        story.hub.audit.verify()


def test_an_interrupted_restore_keeps_the_hub_shut_until_it_is_done_again(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are back but the journal is not replayed yet: no program may start on that."""
    settings = settings_for(tmp_path, "", journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story:
        story.opens(item(PICTURES[0]))
        backup = backed_up(story, tmp_path)
    place = new_place(settings, tmp_path, f"sqlite:///{tmp_path / 'restored.db'}")
    with pytest.raises(NotFound):
        restore_hub(place, backup, str(IDENTITY), tmp_path / "no-journal-here", clock)

    with pytest.raises(IntegrityFailure, match="did not finish"), open_hub(place):
        pass
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        assert story.hub.bank.counts() is not None


def test_a_restore_never_touches_a_hub_in_use(tmp_path: Path, clock: FakeClock) -> None:
    """A database with tables, another hub's key, a wrong identity: each is refused first."""
    settings = settings_for(tmp_path, "")
    with telling(settings, clock) as story:
        opened = story.opens(item(PICTURES[0]))
        backup = backed_up(story, tmp_path)
    other = settings_for(tmp_path / "other", "")
    with open_hub(other):
        pass

    with pytest.raises(Conflict):
        restore_hub(settings, backup, str(IDENTITY), settings.journal_path, clock)
    with pytest.raises(IntegrityFailure):
        restore_hub(other, backup, str(IDENTITY), None, clock)
    with pytest.raises(BadBackupKey):
        restore_hub(settings, backup, str(pyrage.x25519.Identity.generate()), None, clock)

    with telling(settings, clock) as story:
        assert story.receipt(opened).items[0].state == "protected"


def test_a_backup_is_consistent_while_cases_are_being_opened(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """What the backup holds is one instant: its audit log verifies, its cases are whole."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story, ThreadPoolExecutor(2) as pool:
        opening = [pool.submit(story.opens, item(path)) for path in PICTURES * 3]
        backup = backed_up(story, tmp_path)
        opened = [each.result() for each in opening]

    place = new_place(settings, tmp_path, new_database())
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        story.hub.audit.verify()
        states = [_state(story, each) for each in opened]
        assert set(states) <= {"protected", "unknown"}


def _state(story: Story, opened: Opened) -> str:
    try:
        return story.receipt(opened).items[0].state
    except NotFound:
        return "unknown"


def test_what_a_platform_lost_after_the_backup_stays_lost(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """A mark, the feed, a platform: the backup has them still, and gives none of them back."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story:
        lead, platforms = story.staff[Role.LEAD], story.hub.platforms
        names = ("unmarked", "demoted", "retired", "untouched")
        added = [story.platform(name, under_18=True) for name in names]
        backup = backed_up(story, tmp_path)
        platforms.mark(added[0].id, lead, handles_under_18=False)
        platforms.demote(added[1].id, lead)
        platforms.retire(added[2].id, lead)

    place = new_place(settings, tmp_path, new_database())
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        unmarked, demoted, retired, untouched = (story.hub.platforms.get(p.id) for p in added)
        assert unmarked.banks == {"adult"}
        assert (demoted.tier, retired.tier) == (Tier.LOOKUP, Tier.LOOKUP)
        assert not retired.active
        assert untouched == added[3]
        story.hub.audit.verify()


def test_partners_do_not_get_again_what_she_took_from_them_after_the_backup(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """She said no to partners; the backup still says yes."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story:
        forum = story.platform("forum")
        opened = story.opens(item(PICTURES[0]), choices=Choices(partners=True))
        backup = backed_up(story, tmp_path)
        story.hub.cases.choose(access(opened), Choices(partners=False))

    place = new_place(settings, tmp_path, new_database())
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        assert not story.receipt(opened).partners
        assert story.hub.exchange.stopncii.fetch(forum, 10).hash_records == []
        assert story.lookup(forum, edited(PICTURES[0])) != []


def test_keypoints_she_gave_up_after_the_backup_do_not_come_back(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """What somebody else still wants registered comes back whole."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    chosen = Choices(keypoints=True)
    with telling(settings, clock) as story:
        giving_up = story.opens(described(PICTURES[0]), choices=chosen)
        keeping = story.opens(described(PICTURES[1]), choices=chosen)
        backup = backed_up(story, tmp_path)
        story.hub.cases.choose(access(giving_up), Choices())

    place = new_place(settings, tmp_path, new_database())
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        reader = Reader(story, story.platform("mirror"))
        reader.read()
        [kept] = [each.signal for each in reader.held.values() if each.type == "kp1"]
        assert kept == described(PICTURES[1]).signals[-1].value
        assert not story.receipt(giving_up).items[0].keypoints
        assert story.receipt(keeping).items[0].keypoints


def test_a_recovery_after_the_backup_keeps_the_old_code_out(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """Old code, PIN and slip open nothing; two caseworkers give her new ones."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    with telling(settings, clock) as story:
        opened, untouched = (story.opens(item(path)) for path in PICTURES[:2])
        backup = backed_up(story, tmp_path)
        recovered = story.hub.cases.recover(opened.slip)

    place = new_place(settings, tmp_path, new_database())
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        for stopped in (opened, recovered):
            with pytest.raises(NotFound):
                story.receipt(stopped)
            with pytest.raises(NotFound):
                story.hub.cases.recover(stopped.slip)
        lead, caseworker = story.staff[Role.LEAD], story.staff[Role.CASEWORKER]
        again = story.hub.cases.recover_by_two(CaseId(opened.case_id), lead, caseworker)
        for open_now in (again, untouched):
            assert story.receipt(open_now).items[0].state == "protected"


def test_an_end_date_chosen_after_the_backup_still_ends_the_case(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """Her newest word counts: a day chosen since, or none since."""
    settings = settings_for(tmp_path, database_url, journal=tmp_path / "journal.jsonl")
    day = (clock() + timedelta(days=30)).date().isoformat()
    with telling(settings, clock) as story:
        ending = story.opens(item(PICTURES[0]))
        staying = story.opens(item(PICTURES[1]), choices=Choices(end_date=day))
        backup = backed_up(story, tmp_path)
        story.hub.cases.choose(access(ending), Choices(end_date=day))
        story.hub.cases.choose(access(staying), Choices())

    place = new_place(settings, tmp_path, new_database())
    restore_hub(place, backup, str(IDENTITY), settings.journal_path, clock)

    with telling(place, clock) as story:
        assert story.receipt(ending).ends_on == day
        clock.advance(timedelta(days=31))
        story.works()
        with pytest.raises(NotFound):
            story.receipt(ending)
        assert story.receipt(staying).ends_on is None
        assert story.receipt(staying).items[0].state == "protected"


def test_without_the_journal_no_platform_keeps_a_key_a_mark_or_the_feed(
    tmp_path: Path, database_url: str, clock: FakeClock, new_database: NewDatabase
) -> None:
    """Nobody knows what was taken from whom, so all of it is, and one event says how much."""
    settings = settings_for(tmp_path, database_url)
    with telling(settings, clock) as story:
        operator = story.staff[Role.OPERATOR]
        forum = story.platform("forum", under_18=True)
        key = story.hub.platforms.issue_key(forum.id, operator, "partner")
        backup = backed_up(story, tmp_path)

    place = new_place(settings, tmp_path, new_database())
    restored = restore_hub(place, backup, str(IDENTITY), None, clock)

    assert restored.taken_away == TakenAway(unmarked=1, demoted=1, revoked=1)
    with telling(place, clock) as story:
        after = story.hub.platforms.get(forum.id)
        assert (after.tier, after.handles_under_18) == (Tier.LOOKUP, False)
        assert after.epoch > forum.epoch
        with pytest.raises(NotSignedIn):
            story.hub.platforms.authenticate(key.text, "partner")
        actions = [event.action for _, event in story.hub.audit.every_event()]
        assert actions.count("platforms.taken_away") == 1
        story.hub.audit.verify()
