"""Codes and PINs under attack, over real HTTP: what time tells, and what many tries bring."""

import multiprocessing
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import httpx2
import pytest

from takeback.cases.wire import Access, Opened
from takeback.cases.words import CODE_LENGTH
from takeback.cli.reporterhub import ReporterHub
from takeback.errors import TooBusy
from takeback.ids import random_text
from takeback.settings import Settings
from tests.journeys.guessing import JSON, body, counted_trials, guess, in_a_burst, wrong_pins
from tests.journeys.processes import staged
from tests.journeys.siege import document
from tests.journeys.story import settings_for

TRIES = 1_000
"""Of each kind, in an order drawn at random."""

GUESSES = 10_000
BURST = 50
"""Guesses in a row by one of the attacker's programs."""

HANDS = 8
"""At once, in each of two programs."""

DAY = 20
ENTER_SECONDS = 2.0

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("used_up", [False, True], ids=["a wrong PIN", "trials used up"])
def test_the_time_of_an_answer_does_not_tell_whether_a_code_exists(
    tmp_path: Path, database_url: str, used_up: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The area under the curve is that of a coin, but for chance."""
    with staged(tmp_path, settings_for(tmp_path, database_url)) as stage:
        http = stage.client(stage.hub())
        cases = [stage.story.opens() for _ in range(TRIES // 10)]
        if used_up:
            cases = shut(http, cases[:10])
        known = [Access(case.code, pin) for case in cases for pin in few_pins(case, len(cases))]
        unknown = [Access(random_text(CODE_LENGTH), "000000") for _ in known]
        for each in unknown[:20]:
            seconds(http, each)
        tries = [(True, each) for each in known] + [(False, each) for each in unknown]
        random.SystemRandom().shuffle(tries)
        took = [(is_known, seconds(http, each)) for is_known, each in tries]

    area = area_under_curve(took)
    with capsys.disabled():
        print(f"\nknown against unknown codes: area under the curve {area:.3f}")
    assert len(took) == 2 * TRIES
    assert 0.45 <= area <= 0.55


def test_ten_thousand_guesses_bring_twenty_trials_and_the_owner_enters(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hub's own defaults: proof of work, budget and all, while she keeps coming."""
    settings = Settings(data=tmp_path / "hub", database=database_url)
    with staged(tmp_path, settings) as stage:
        hub = stage.hub()
        owner = stage.reporter(hub)
        opened = owner.open(document([], locked=False))
        assert guess(hub.url, opened.code, wrong_pins(opened, 60), HANDS)["opened"] == 0

        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as attackers:
            going = [
                attackers.submit(guess, hub.url, opened.code, pins, HANDS)
                for pins in bursts(opened)
            ]
            entered = entries(owner, opened, going)
        outcomes = sum((each.result() for each in going), Counter[str]())
        trials = counted_trials(stage.story)

    with capsys.disabled():
        print(f"\n{dict(outcomes)}; she entered {len(entered)} times,", end=" ")
        print(f"median {statistics.median(entered):.2f} s, longest {max(entered):.2f} s")
    assert outcomes.total() == GUESSES
    assert outcomes["opened"] == 0
    assert outcomes["refused"] > DAY
    assert trials == DAY
    assert max(entered) < ENTER_SECONDS


def shut(http: httpx2.Client, cases: Sequence[Opened]) -> list[Opened]:
    """Use up every trial of the day."""
    for case in cases:
        in_a_burst(http, case.code, wrong_pins(case, DAY, seed=2), hands=4)
    return list(cases)


def few_pins(case: Opened, cases: int) -> list[str]:
    """Return as many wrong PINs as give all the tries together."""
    return wrong_pins(case, TRIES // cases)


def seconds(http: httpx2.Client, access: Access) -> float:
    """Return how long a refusal took."""
    content = body(access)
    started = time.perf_counter()
    answer = http.post("/v1/cases/receipt", content=content, headers=JSON)
    took = time.perf_counter() - started
    assert answer.status_code == httpx2.codes.NOT_FOUND
    return took


def area_under_curve(took: Sequence[tuple[bool, float]]) -> float:
    """Return how often a known code took longer than an unknown one (Mann and Whitney's U)."""
    ranked = [is_known for is_known, _ in sorted(took, key=lambda each: each[1])]
    known = sum(ranked)
    ranks = sum(rank for rank, is_known in enumerate(ranked, start=1) if is_known)
    return (ranks - known * (known + 1) / 2) / (known * (len(ranked) - known))


def bursts(opened: Opened) -> list[list[str]]:
    """Return every guess; the right PIN is among them again and again."""
    wrong = iter(wrong_pins(opened, GUESSES, seed=3))
    guesses = [opened.pin if number % 10 == 9 else next(wrong) for number in range(GUESSES)]
    return [guesses[start : start + BURST] for start in range(0, GUESSES, BURST)]


def entries(
    owner: ReporterHub, opened: Opened, going: Sequence[Future[Counter[str]]]
) -> list[float]:
    """Let the owner enter with her slip every few seconds; return how long each time took."""
    took = []
    while not all(each.done() for each in going):
        started = time.perf_counter()
        enter(owner, opened)
        took.append(time.perf_counter() - started)
        time.sleep(5)
    return took


def enter(owner: ReporterHub, opened: Opened) -> None:
    """Enter with code, PIN and slip; when the hub is too busy, try again at once."""
    while True:
        try:
            owner.receipt(Access(opened.code, opened.pin, opened.slip))
        except TooBusy:
            continue
        return
