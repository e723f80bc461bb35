"""The state file: pages applied whole, history rewritten safely, and nothing left behind."""

import errno
import fcntl
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from takeback.errors import BadSettings, Conflict, IntegrityFailure, NotReady, TooBusy
from takeback.exchange.follow import Position
from takeback.exchange.wire import MAX_REPORTS, FeedEntry, FeedPage, FeedWithdrawal
from takeback.matcher import outbox as outbox_module
from takeback.matcher import state as state_module
from takeback.matcher.banks import Banks
from takeback.matcher.health import HubStatus
from takeback.matcher.holdings import Holding
from takeback.matcher.outbox import Outbox, Report
from takeback.matcher.reading import Change
from takeback.matcher.state import State

NOON = datetime(2030, 3, 5, 12, tzinfo=UTC)
HUB = "https://hub.example"


def number(n: int) -> str:
    """Return the n-th number."""
    return f"{n:032x}"


def signal(n: int) -> str:
    """Return the n-th signal."""
    return f"{n:02x}" * 32


def active(n: int, value: int | None = None) -> FeedEntry:
    """Return the n-th entry, active, with a signal of its own or another's."""
    return FeedEntry(number(n), "active", signal(n if value is None else value))


def gone(n: int) -> FeedEntry:
    """Return the n-th entry, gone."""
    return FeedEntry(number(n), "gone")


def page(
    *entries: FeedEntry,
    cursor: str = "c",
    more: bool = False,
    epoch: str = "e1",
    markers: tuple[str, ...] = (),
) -> FeedPage:
    """Return a page."""
    return FeedPage(epoch, cursor, more, list(entries), [FeedWithdrawal(one) for one in markers])


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty state file."""
    state = State(tmp_path / "data")
    yield state
    state.close()


@pytest.fixture
def holding(state: State) -> Holding[Banks]:
    """One bank in it, with an index."""
    return holding_in(state)


def holding_in(state: State, url: str = HUB) -> Holding[Banks]:
    """Return the bank of *url* with banks in memory as after a start."""
    banks = Banks()
    banks.load(state)
    status = HubStatus(url, lambda: NOON, follows=True, read_once=False)
    return Holding(state.source(url), state, banks, status, lambda: NOON)


def held(holding: Holding[Banks]) -> dict[str, str]:
    """Return number and signal of what the index finds and the state file knows."""
    found: dict[str, str] = {}
    for n in range(20):
        looked_up = np.frombuffer(bytes.fromhex(signal(n)), np.uint8).reshape(1, 32)
        ids = [entry for _, entry, _ in holding.banks.signals.search(looked_up, 0)]
        found |= {one.number: signal(n) for one in holding.state.held(ids).values()}
    return found


def test_a_full_disk_at_the_opening_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no damage, and whoever tries again once there is room keeps the directory."""

    def full(_: Path) -> sqlite3.Connection:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(state_module, "connect", full)
        with pytest.raises(NotReady, match="No space left"):
            State(tmp_path)

    State(tmp_path).close()


def test_closing_lets_go_of_the_directory_though_something_fails(tmp_path: Path) -> None:
    """What fails is said, and another process keeps the directory."""

    def fails() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        State(tmp_path).close(fails)

    State(tmp_path).close()


def test_a_file_system_without_locks_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not called another matcher."""

    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(BadSettings, match="local disk: No locks"):
        State(tmp_path)


def test_later_records_replace_earlier_ones(holding: Holding[Banks]) -> None:
    """One number has one state: the newest."""
    holding.take(page(active(1), active(2), active(3)))
    holding.take(page(active(1, 7), gone(2), cursor="d"))

    assert held(holding) == {number(1): signal(7), number(3): signal(3)}
    assert holding.position() == Position("d", "e1", complete=True)


def test_the_last_of_two_records_in_one_page_counts(holding: Holding[Banks]) -> None:
    """Order within a page counts as well."""
    holding.take(page(active(1), gone(1), gone(2), active(2)))

    assert held(holding) == {number(2): signal(2)}


def test_a_new_start_finds_what_was_held(tmp_path: Path) -> None:
    """State and index are the same after a restart, with the same place in the feed."""
    first = State(tmp_path)
    before = holding_in(first)
    before.take(page(active(1), active(2), cursor="c7", more=True))
    found, position = held(before), before.position()
    first.close()

    again = State(tmp_path)
    after = holding_in(again)

    assert (held(after), after.position()) == (found, position)
    again.close()


def test_an_index_that_fails_leaves_the_state_as_it_was(holding: Holding[Banks]) -> None:
    """Records, cursor and confirmations are one transaction, and the index is part of it."""
    holding.take(page(active(1)))

    def fail(_: Change) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        holding.state.take(holding.source, page(gone(1), cursor="d", markers=("m",)), NOON, fail)

    assert held(holding) == {number(1): signal(1)}
    assert holding.position().cursor == "c"
    assert Outbox(holding.state, lambda: NOON).confirmations(holding.source) == []


def test_a_disk_that_is_full_is_said_so_and_changes_nothing(holding: Holding[Banks]) -> None:
    """The error is one of ours, so that the follower tries again."""
    holding.take(page(active(1)))
    with holding.state.transaction() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
    with holding.state.transaction() as db:
        db.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(NotReady):
        holding.take(page(*[active(n) for n in range(2, 20)] * 9, *many(2000), cursor="d"))

    assert holding.position().cursor == "c"
    assert holding.state.sources_of(number(2)) == []


def many(count: int) -> list[FeedEntry]:
    """Return so many entries that are not used elsewhere."""
    return [FeedEntry(number(1000 + n), "active", f"{n:064x}") for n in range(count)]


def test_a_rewritten_history_keeps_protecting_until_it_is_read(holding: Holding[Banks]) -> None:
    """What the new epoch lacks stops at its end; what it says is gone stops at once."""
    holding.take(page(active(1), active(2), active(3)))

    holding.restart()
    assert held(holding).keys() == {number(1), number(2), number(3)}
    holding.take(page(active(1), gone(2), active(4), cursor="d", more=True, epoch="e2"))
    assert held(holding).keys() == {number(1), number(3), number(4)}
    assert not holding.position().complete
    holding.take(page(cursor="e", epoch="e2"))

    assert held(holding).keys() == {number(1), number(4)}
    assert holding.position() == Position("e", "e2", complete=True)


def test_nothing_is_confirmed_while_a_rewritten_history_is_read(holding: Holding[Banks]) -> None:
    """What is no longer held may still match until then, so a confirmation would not be true."""
    outbox = Outbox(holding.state, lambda: NOON)
    holding.take(page(active(1)))
    holding.restart()
    holding.take(page(cursor="d", more=True, epoch="e2", markers=(number(9),)))
    assert outbox.confirmations(holding.source) == []

    holding.take(page(cursor="e", epoch="e2"))

    assert outbox.confirmations(holding.source) == [number(9)]
    assert held(holding) == {}


def test_two_hubs_may_use_the_same_number(state: State) -> None:
    """A number means something at its own hub only."""
    one, two = holding_in(state), holding_in(state, "https://other.example")
    one.take(page(active(1)))
    two.take(page(active(1)))

    one.take(page(gone(1), cursor="d"))

    assert state.sources_of(number(1)) == [two.source]


def test_entries_of_a_hub_that_is_left_out_are_deleted(state: State) -> None:
    """A bank that is not followed any more is not kept; what waits for its hub is."""
    one, two = holding_in(state), holding_in(state, "https://other.example")
    for holding in (one, two):
        holding.take(page(active(1)))
    outbox = Outbox(state, lambda: NOON)
    outbox.put([(two.source, Report("response", "id", b"{}"))])

    state.keep_entries_of([one.source])

    assert state.sources_of(number(1)) == [one.source]
    assert state.position(two.source) == Position(None, None, complete=False)
    assert not state.ever_complete(two.source)
    assert outbox.waiting() == 1


def test_what_waits_is_sent_in_calls_that_a_hub_takes(state: State) -> None:
    """Never more reports at once than its interface allows, or it would refuse them all."""
    source = holding_in(state).source
    outbox = Outbox(state, lambda: NOON)
    outbox.put([(source, Report("opinion", f"id{n}", b"{}")) for n in range(MAX_REPORTS + 1)])

    sizes = []
    while waiting := outbox.next(source):
        sizes.append(len(waiting))
        outbox.settle([seq for seq, _ in waiting], "sent")

    assert sizes == [MAX_REPORTS, 1]


def test_reports_that_a_hub_does_not_take_fill_no_disk(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many wait for it and one more is refused, all or none; another hub's are taken."""
    monkeypatch.setattr(outbox_module, "WAIT_AT_MOST", 3)
    one, two = (holding_in(state, url).source for url in (HUB, "https://other.example"))
    outbox = Outbox(state, lambda: NOON)
    outbox.put(reports(one, "a", "b"))

    with pytest.raises(TooBusy) as refused:
        outbox.put(reports(one, "c", "d"))

    assert refused.value.retry_after == outbox_module.FULL_SECONDS
    assert outbox.waiting() == 2
    assert outbox.put(reports(one, "c")) == 1
    assert outbox.put(reports(one, "a", "b")) == 0, "those are known, and take no room"
    assert outbox.put(reports(two, "d")) == 1


@pytest.mark.parametrize("outcome", ["sent", "refused"])
def test_what_is_settled_is_forgotten_in_the_end(
    state: State, monkeypatch: pytest.MonkeyPatch, outcome: Literal["sent", "refused"]
) -> None:
    """What it said at once, that it was said after a month and many others; or very many others."""
    monkeypatch.setattr(outbox_module, "REMEMBER_REPORTS", 2)
    monkeypatch.setattr(outbox_module, "REMEMBER_AT_MOST", 5)
    source = holding_in(state).source
    today = [NOON]
    outbox = Outbox(state, lambda: today[0])

    def remembered() -> int:
        settle_all(outbox, source, outcome)
        ((rows, said),) = state.read("SELECT count(*), count(body) FROM reports")
        assert said == 0
        return int(rows)

    outbox.put(reports(source, *"abcd"))
    assert remembered() == 4
    outbox.put(reports(source, *"efgh"))
    assert remembered() == 5
    today[0] += timedelta(days=outbox_module.REMEMBER_DAYS + 1)
    outbox.put(reports(source, "i"))
    assert remembered() == 2


def reports(source: int, *ids: str) -> list[tuple[int, Report]]:
    """Return responses of these ids."""
    return [(source, Report("response", one, b"{}")) for one in ids]


def settle_all(outbox: Outbox, source: int, outcome: Literal["sent", "refused"]) -> None:
    """Settle everything that waits."""
    while waiting := outbox.next(source):
        outbox.settle([seq for seq, _ in waiting], outcome)


def test_what_is_gone_leaves_no_trace_in_the_files(tmp_path: Path) -> None:
    """Neither the file nor the log beside it holds the signal of a gone entry."""
    state = State(tmp_path)
    holding = holding_in(state)
    holding.take(page(active(1), active(2)))
    assert bytes.fromhex(signal(1)) in everything(tmp_path)

    holding.take(page(gone(1), cursor="d"))

    assert bytes.fromhex(signal(1)) not in everything(tmp_path)
    assert bytes.fromhex(signal(2)) in everything(tmp_path)
    state.close()


def everything(directory: Path) -> bytes:
    """Return all bytes of all files."""
    return b"".join(path.read_bytes() for path in sorted(directory.iterdir()))


def test_only_one_matcher_uses_a_directory(tmp_path: Path) -> None:
    """The second is refused, and the first one's end lets another in."""
    first = State(tmp_path)
    with pytest.raises(Conflict):
        State(tmp_path)
    first.close()

    State(tmp_path).close()


def test_the_files_are_for_their_user_only(tmp_path: Path) -> None:
    """Signals are intimate data."""
    state = State(tmp_path / "data")
    holding_in(state).take(page(active(1)))

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}

    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    state.close()


@pytest.mark.parametrize("content", ["another release", "no database"])
def test_a_file_that_is_not_ours_is_refused(tmp_path: Path, content: str) -> None:
    """It is neither overwritten nor guessed at."""
    path = tmp_path / "matcher.db"
    if content == "no database":
        path.write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()

    with pytest.raises(IntegrityFailure):
        State(tmp_path)


records = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["active", "gone"]), st.integers(0, 19)),
    max_size=6,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pages=st.lists(st.tuples(records, st.booleans()), max_size=6), restart_at=st.integers(0, 8))
def test_pages_applied_once_or_twice_give_what_a_plain_dictionary_gives(
    tmp_path_factory: pytest.TempPathFactory,
    pages: list[tuple[list[tuple[int, str, int]], bool]],
    restart_at: int,
) -> None:
    """No record is lost or doubled, through repeated pages, restarts and rewritten history."""
    directory = tmp_path_factory.mktemp("state")
    state = State(directory)
    holding = holding_in(state)
    wanted: dict[str, str] = {}
    for place, (entries, twice) in enumerate(pages):
        if place == restart_at:
            holding.restart()
            holding.take(page(cursor="start", epoch="e2"))
            wanted = {}
        told = [active(n, v) if kind == "active" else gone(n) for n, kind, v in entries]
        for entry in told:
            wanted.pop(entry.number, None)
            if isinstance(entry.signal, str):
                wanted[entry.number] = entry.signal
        for _ in range(1 + twice):
            holding.take(page(*told, cursor=f"c{place}", more=place % 2 == 0))
    assert held(holding) == wanted
    state.close()

    again = State(directory)
    assert held(holding_in(again)) == wanted
    again.close()
