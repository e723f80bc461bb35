"""The door: one slow step on every path, one refusal, and at most twenty guesses a day."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import msgspec
import pytest
import sqlalchemy as sa

from takeback.cases.access import Bucket
from takeback.cases.codes import parse_slip
from takeback.cases.proof import solve
from takeback.cases.store import credentials, trials
from takeback.cases.wire import Access, Opened
from takeback.cases.words import to_words
from takeback.errors import BadProofOfWork, MalformedCode, NotFound, TooBusy
from takeback.settings import Settings
from tests.cases.fakes import CountingKdf
from tests.cases.world import World, access, document, item, unknown_code, wrong_pin


def use_up_trials(world: World, opened: Opened) -> None:
    """Guess twenty wrong PINs."""
    for _ in range(20):
        with pytest.raises(NotFound):
            world.cases.receipt(wrong_pin(opened))


def purged(world: World) -> Access:
    """Return what once opened a case that is purged."""
    opened = world.open()
    world.cases.withdraw(access(opened))
    world.later(days=7)
    return access(opened)


def test_code_and_pin_open_the_case(world: World) -> None:
    """So do the six words."""
    opened = world.open()

    assert world.receipt(opened).case_id == opened.case_id
    words = Access(" ".join(opened.words), opened.pin)
    assert world.cases.receipt(words).case_id == opened.case_id


def test_words_come_in_the_reporters_language(quick: World) -> None:
    """A Korean case has Korean words, and they say the same code."""
    korean = msgspec.structs.replace(document(item("a")), language="ko")
    opened = quick.cases.open(korean)

    assert opened.words == to_words(opened.code, "ko")
    assert quick.cases.receipt(Access(" ".join(opened.words), opened.pin)).language == "ko"


def test_every_refusal_is_the_same(world: World) -> None:
    """Unknown code, wrong PIN, purged case, used-up trials: one error, word for word."""
    gone = purged(world)
    opened, guessed = world.open(), world.open()
    use_up_trials(world, guessed)
    refusals = []

    for tried in (unknown_code(opened), wrong_pin(opened), gone, access(guessed)):
        with pytest.raises(NotFound) as refused:
            world.cases.receipt(tried)
        refusals.append((type(refused.value), str(refused.value), refused.value.hint))

    assert len(set(refusals)) == 1


def test_the_slow_step_runs_once_on_every_path(world: World) -> None:
    """So the time an answer takes says nothing."""
    gone = purged(world)
    opened, guessed = world.open(), world.open()
    use_up_trials(world, guessed)
    paths = {
        "right": access(opened),
        "right, with the slip": access(opened, opened.slip),
        "wrong PIN": wrong_pin(opened),
        "unknown": unknown_code(opened),
        "unknown, with a slip": Access(unknown_code(opened).code, opened.pin, opened.slip),
        "purged": gone,
        "trials used up": access(guessed),
        "trials used up, with the slip": access(guessed, guessed.slip),
    }
    calls = {}

    for path, tried in paths.items():
        world.kdf.calls = 0
        with suppress(NotFound):
            world.cases.receipt(tried)
        calls[path] = world.kdf.calls

    assert calls == dict.fromkeys(paths, 1)


def test_known_and_unknown_codes_cost_the_same_statements(quick: World) -> None:
    """The database is asked and written alike, whether or not there is such a case."""
    opened = quick.open()
    seen: list[str] = []
    sa.event.listen(
        quick.db.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, _p, _x, _m: seen.append(statement),
    )
    statements = []

    for tried in (wrong_pin(opened), unknown_code(opened)):
        seen.clear()
        with pytest.raises(NotFound):
            quick.cases.receipt(tried)
        statements.append(list(seen))

    assert statements[0] == statements[1]
    assert any(statement.startswith("INSERT") for statement in statements[0])


def test_after_twenty_wrong_pins_the_right_one_is_refused(world: World) -> None:
    """The twenty-first guess learns nothing, even if it is right."""
    opened = world.open()
    use_up_trials(world, opened)

    with pytest.raises(NotFound):
        world.receipt(opened)


def test_the_owner_still_enters_with_the_slip(world: World) -> None:
    """A second factor lifts the back-off; the slip without the PIN does not open."""
    opened = world.open()
    use_up_trials(world, opened)

    assert world.cases.receipt(access(opened, opened.slip)).case_id == opened.case_id
    with pytest.raises(NotFound):
        world.cases.receipt(Access(opened.code, wrong_pin(opened).pin, opened.slip))


def test_another_cases_slip_does_not_lift_the_back_off(quick: World) -> None:
    """Each slip belongs to one case."""
    opened, other = quick.open(), quick.open()
    use_up_trials(quick, opened)

    with pytest.raises(NotFound):
        quick.cases.receipt(access(opened, other.slip))


def test_trials_come_back_one_by_one(quick: World) -> None:
    """The window rolls: a guess counts for 24 hours and not until midnight."""
    opened = quick.open()
    for _ in range(20):
        with pytest.raises(NotFound):
            quick.cases.receipt(wrong_pin(opened))
        quick.clock.advance(timedelta(minutes=1))

    quick.clock.advance(timedelta(hours=23, minutes=39))
    with pytest.raises(NotFound):
        quick.receipt(opened)
    quick.clock.advance(timedelta(minutes=1))

    assert quick.receipt(opened).case_id == opened.case_id
    with pytest.raises(NotFound):
        quick.cases.receipt(wrong_pin(opened))
    with pytest.raises(NotFound):
        quick.receipt(opened)


def test_a_right_pin_uses_up_nothing_and_gives_nothing_back(quick: World) -> None:
    """She may look as often as she likes; a guesser gains nothing by her looking."""
    opened = quick.open()
    for _ in range(19):
        with pytest.raises(NotFound):
            quick.cases.receipt(wrong_pin(opened))
    for _ in range(30):
        quick.receipt(opened)
    with pytest.raises(NotFound):
        quick.cases.receipt(wrong_pin(opened))

    with pytest.raises(NotFound):
        quick.receipt(opened)


def test_forty_guesses_at_once_are_twenty_trials(world: World) -> None:
    """Two processes, many threads: at most twenty guesses were ever weighed.

    The right PIN is guessed by all of them; each that came in beyond the twentieth is
    refused. Every guess waits in the slow step until all forty have been counted.
    """
    everybody = Barrier(40, timeout=30)

    class SlowKdf(CountingKdf):
        """Answers when all guesses are in."""

        def __call__(self, secret: bytes, salt: bytes) -> bytes:
            """Wait for the others."""
            everybody.wait()
            return super().__call__(secret, salt)

    opened = world.open()
    world.kdf = SlowKdf()
    processes = [world.another_process(), world.another_process()]

    def guess(number: int) -> bool:
        try:
            processes[number % 2].gate.enter(access(opened))
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(guess, range(40)))

    assert answers.count(True) == 20


def test_guesses_at_unknown_codes_fill_no_disk(quick: World) -> None:
    """Unknown codes share rows, and those hold at most a day's number of trials."""
    opened = quick.open()
    for _ in range(60):
        with pytest.raises(NotFound):
            quick.cases.receipt(unknown_code(opened))

    with quick.db.reading():
        subjects = [row.subject for row in quick.db.execute(trials.select())]
    assert {len(subject) for subject in subjects} == {2}


def test_a_day_later_nobody_knows_when_she_mistyped(world: World) -> None:
    """Anybody's next try takes away every row whose newest trial is a day old."""
    opened, other = world.open(), world.open()
    for minutes in (0, 1):
        world.clock.advance(timedelta(minutes=minutes))
        with pytest.raises(NotFound):
            world.cases.receipt(wrong_pin(opened))
    world.clock.advance(timedelta(hours=24))

    world.receipt(other)
    world.receipt(other)

    with world.db.reading():
        assert [row.at for row in world.db.execute(trials.select())] == [""]


def test_a_purged_case_leaves_no_trials(quick: World) -> None:
    """The row that held them goes with the case."""
    opened = quick.open()
    with pytest.raises(NotFound):
        quick.cases.receipt(wrong_pin(opened))
    quick.cases.withdraw(access(opened))
    quick.later(days=7)

    with quick.db.reading():
        assert quick.db.execute(trials.select()).all() == []


def test_a_mistyped_code_is_told_at_once(quick: World) -> None:
    """Form says nothing about existence, and costs neither a trial nor the slow step."""
    opened = quick.open()
    quick.kdf.calls = 0

    for tried in (
        Access(opened.code[:-1], opened.pin),
        Access(opened.code, "12345"),
        access(opened, slip="short"),
    ):
        with pytest.raises(MalformedCode):
            quick.cases.receipt(tried)

    assert quick.kdf.calls == 0


def test_the_bucket_refuses_before_the_slow_step(quick: World) -> None:
    """A flood costs the hub next to nothing."""
    opened = quick.open()
    flooded = quick.another_process(Settings(openings_per_second=0, proof_of_work_bits=0))
    quick.kdf.calls = 0

    for refused in (
        lambda: flooded.receipt(access(opened)),
        lambda: flooded.open(document(item("b"))),
        lambda: flooded.recover(opened.slip),
    ):
        with pytest.raises(TooBusy):
            refused()

    assert quick.kdf.calls == 0


def test_the_bucket_refills_with_time() -> None:
    """A second brings a second's worth, and no more than that is saved up."""
    seconds = [0.0]
    bucket = Bucket(2, lambda: seconds[0])
    bucket.take()
    bucket.take()
    with pytest.raises(TooBusy):
        bucket.take()

    seconds[0] = 100.5
    bucket.take()
    bucket.take()

    with pytest.raises(TooBusy):
        bucket.take()


def test_every_way_in_asks_for_work(quick: World) -> None:
    """Opening, entering and recovering each need a proof of their own."""
    cases = quick.another_process(Settings(proof_of_work_bits=4))
    opened = cases.open(document(item("a")), check_proof=False)
    for without in (
        lambda: cases.open(document(item("b"))),
        lambda: cases.receipt(access(opened)),
        lambda: cases.recover(opened.slip),
    ):
        with pytest.raises(BadProofOfWork):
            without()

    proven = msgspec.structs.replace(access(opened), proof=solve(cases.challenge()))
    assert cases.receipt(proven).case_id == opened.case_id
    with pytest.raises(BadProofOfWork):
        cases.receipt(proven)


def test_the_database_holds_nothing_that_opens(quick: World) -> None:
    """Code, words, PIN and slip are in no row, in no form that can be read."""
    opened = quick.open()
    with quick.db.reading():
        [row] = quick.db.execute(credentials.select()).all()
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    for secret in (opened.code, opened.pin, parse_slip(opened.slip), opened.words[0]):
        assert secret.encode() not in stored
