"""The follower: what it asks, what it applies, and how it takes bad days."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.errors import (
    EpochChanged,
    HubUnreachable,
    MalformedCursor,
    NotReady,
    NotSignedIn,
    TooBusy,
)
from takeback.exchange.follow import Backoff, Follower, Position, state_after
from takeback.exchange.wire import FeedEntry, FeedPage, FeedWithdrawal

START = Position(None, None, complete=False)
NUMBER = "ab" * 16
SIGNAL = "0f" * 32


def page(cursor: str, *, more: bool = False, epoch: str = "e1") -> FeedPage:
    """Return a page with one active entry."""
    return FeedPage(epoch, cursor, more, [FeedEntry(NUMBER, "active", SIGNAL)], [])


class Done(BaseException):
    """Ends a follower that would go on for ever."""


@dataclass
class Script:
    """A feed that answers what it was told to, in order."""

    answers: list[FeedPage | Exception]
    asked: list[tuple[str | None, float]] = field(default_factory=list)

    async def page(self, after: str | None, *, wait: float) -> FeedPage:
        """Answer the next."""
        self.asked.append((after, wait))
        if not self.answers:
            raise Done
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Memory:
    """A ledger in memory that keeps the promises of a real one."""

    at: Position = START
    taken: list[FeedPage] = field(default_factory=list)
    restarts: int = 0
    fails: list[Exception] = field(default_factory=list)

    def position(self) -> Position:
        """Return how far it was read."""
        return self.at

    def take(self, page: FeedPage) -> None:
        """Apply the page, or fail and change nothing."""
        if self.fails:
            raise self.fails.pop(0)
        self.taken.append(page)
        self.at = Position(page.cursor, page.epoch, self.at.complete or not page.more)

    def restart(self) -> None:
        """Begin again."""
        self.restarts += 1
        self.at = START


def follow(
    answers: list[FeedPage | Exception], ledger: Memory, backoff: Backoff | None = None
) -> tuple[Script, list[str], list[float]]:
    """Follow until the script is at its end; return it, the states reported and the waits."""
    script, states, waits = Script(answers), list[str](), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    follower = Follower(
        script,
        ledger,
        lambda state, _: states.append(state),
        sleep=sleep,
        backoff=backoff or steady(),
    )
    with pytest.raises(Done):
        asyncio.run(follower.run())
    return script, states, waits


def steady(jitter: Callable[[float, float], float] = lambda _low, high: high) -> Backoff:
    """Return a back-off without chance."""
    return Backoff(jitter=jitter)


def test_it_reads_to_the_end_without_waiting_and_then_waits_for_news() -> None:
    """A bank that was never read to its end is read as fast as it comes."""
    ledger = Memory()

    script, states, _ = follow([page("c1", more=True), page("c2"), page("c3")], ledger)

    assert script.asked == [(None, 0.0), ("c1", 0.0), ("c2", 25.0), ("c3", 25.0)]
    assert states == ["reading", "following", "following"]
    assert ledger.at == Position("c3", "e1", complete=True)


def test_a_page_that_can_not_be_applied_is_read_again() -> None:
    """The cursor moves with the page or not at all."""
    ledger = Memory(fails=[NotReady("the disk is full")])

    script, states, _ = follow([page("c1"), page("c1")], ledger)

    assert [after for after, _ in script.asked] == [None, None, "c1"]
    assert states == ["failing", "following"]
    assert len(ledger.taken) == 1


@pytest.mark.parametrize("refusal", [EpochChanged("rewritten"), MalformedCursor("restored")])
def test_a_refused_cursor_begins_again_at_once(refusal: Exception) -> None:
    """A rewritten history, or a hub that lost its keys, is read again from the start."""
    ledger = Memory(at=Position("c9", "e0", complete=True))

    script, states, waits = follow([refusal, page("c1")], ledger)

    assert [after for after, _ in script.asked] == ["c9", None, "c1"]
    assert (ledger.restarts, states, waits) == (1, ["reading", "following"], [])


def test_a_page_of_another_epoch_is_not_applied() -> None:
    """A hub that forgets to refuse the cursor is not believed either."""
    ledger = Memory(at=Position("c9", "e0", complete=True))

    follow([page("c10", epoch="e1"), page("c1", epoch="e1")], ledger)

    assert ledger.restarts == 1
    assert [taken.cursor for taken in ledger.taken] == ["c1"]


def test_a_history_that_keeps_changing_is_not_read_in_a_tight_loop() -> None:
    """The second restart in a row waits."""
    ledger = Memory(at=Position("c9", "e0", complete=True))

    _, _, waits = follow(
        [EpochChanged(""), page("c1", more=True), EpochChanged(""), page("c2", more=True)], ledger
    )

    assert ledger.restarts == 2
    assert waits == [0.5]


def test_a_cursor_refused_that_was_not_sent_is_a_failure() -> None:
    """A hub that makes no sense does not make us restart for ever."""
    ledger = Memory()

    _, states, waits = follow([MalformedCursor("")], ledger)

    assert (ledger.restarts, states, len(waits)) == (0, ["unreachable"], 1)


@pytest.mark.parametrize(
    "nonsense",
    [
        FeedPage("e1", "c1", True, [], []),
        FeedPage("e1", "c2", False, [FeedEntry(NUMBER, "active")], []),
        FeedPage("e1", "c2", False, [FeedEntry(NUMBER, "gone", SIGNAL)], [FeedWithdrawal(NUMBER)]),
    ],
    ids=["more without moving", "active without signal", "gone with signal"],
)
def test_nonsense_from_a_hub_changes_nothing(nonsense: FeedPage) -> None:
    """The last good state stays, and the hub is asked again."""
    ledger = Memory(at=Position("c1", "e1", complete=True))

    script, states, _ = follow([nonsense], ledger)

    assert ledger.taken == []
    assert states == ["unreachable"]
    assert [after for after, _ in script.asked] == ["c1", "c1"]


def test_waits_grow_and_end_with_the_first_success() -> None:
    """Half a second, then twice as long each time, at most 30 seconds."""
    down = [HubUnreachable("") for _ in range(9)]

    _, _, waits = follow([*down, page("c1"), HubUnreachable("")], Memory())

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 0.5]


def test_retry_after_is_never_undercut() -> None:
    """A hub that asks for time gets it."""
    busy = TooBusy("")
    busy.retry_after = 90

    _, _, waits = follow([busy, replace_retry(TooBusy(""), 0.1)], Memory())

    assert waits == [90, 1]


def replace_retry(error: TooBusy, seconds: float) -> TooBusy:
    """Return *error* with another Retry-After."""
    error.retry_after = seconds
    return error


def test_a_refused_key_is_tried_slowly() -> None:
    """Guessing does not help; the file is read again each time."""
    _, states, waits = follow([NotSignedIn("")], Memory())

    assert (states, waits) == (["refused"], [30])


def test_an_error_nobody_foresaw_does_not_end_the_loop() -> None:
    """The job goes on, and a person is asked to look."""
    _, states, _ = follow([ZeroDivisionError(), page("c1")], Memory())

    assert states == ["failing", "following"]
    assert state_after(ZeroDivisionError()) == "failing"


@given(st.integers(1, 2000))
def test_jitter_spreads_waits_over_the_upper_half(failures: int) -> None:
    """Matchers that lost the hub together do not come back together."""
    low, high = Backoff(jitter=lambda a, _b: a), Backoff(jitter=lambda _a, b: b)
    low.failures = high.failures = failures

    least, most = low.after(HubUnreachable("")), high.after(HubUnreachable(""))

    assert most == 2 * least <= 30
