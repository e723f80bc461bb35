"""kill -9 of every process of a matcher, and replacing them all, while callers ask."""

import os
import random
import signal
import time
from pathlib import Path

from tests.faults.matchers import (
    Team,
    alive,
    filled,
    hammering,
    keeper_of,
    kill,
    team,
)
from tests.matcher.conftest import random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers

TAKE_OVER_SECONDS = 2.0


def responded(matcher: Team, number: str, rng: random.Random) -> str:
    """Have a response acknowledged; return its id."""
    one = f"{rng.getrandbits(128):032x}"
    response = {"id": one, "number": number, "response": "seen"}
    with matcher.client() as client:
        answer = client.post("/v1/responses", json={"responses": [response]})
        assert answer.status_code == 202, answer.text
    return one


def test_a_keeper_that_is_killed_is_followed_by_another(
    hub: FakeHub, key_file: Path, tmp_path: Path, rng: random.Random
) -> None:
    """Within two seconds; answers stay right, and nothing that was acknowledged is lost."""
    wanted = filled(hub, rng)
    with team(hub, key_file, tmp_path / "data") as matcher:
        eventually(matcher.is_ready, 60)
        first = matcher.keeper()
        acknowledged = [responded(matcher, wanted[0][1][0], rng)]
        with hammering(matcher, wanted) as hammer:
            eventually(lambda: hammer.answers > 10)
            kill(first)
            killed = time.monotonic()
            eventually(lambda: matcher.keeper() not in {0, first})
            assert time.monotonic() - killed <= TAKE_OVER_SECONDS
            acknowledged.append(responded(matcher, wanted[1][1][0], rng))
            fresh = random_signal(rng)
            number = hub.put(fresh)
            with matcher.client() as client:
                eventually(lambda: numbers(client, fresh) == [[number]])
                marker = hub.withdraw(number)
                eventually(lambda: marker in hub.confirmed)
                assert numbers(client, fresh) == [[]]
            eventually(lambda: set(acknowledged) <= hub.responses.keys())
            eventually(lambda: len(matcher.pids) == 3)

        assert hammer.wrong == []
        assert hammer.answers > 50
        assert len(hammer.failed) <= 4


def test_a_reader_that_is_killed_is_missed_by_nobody(
    hub: FakeHub, key_file: Path, tmp_path: Path, rng: random.Random
) -> None:
    """The others go on, the keeper stays, and another one is started."""
    wanted = filled(hub, rng)
    with team(hub, key_file, tmp_path / "data") as matcher:
        eventually(matcher.is_ready, 60)
        keeper, reader = matcher.keeper(), matcher.reader()
        with hammering(matcher, wanted) as hammer:
            eventually(lambda: hammer.answers > 10)
            kill(reader)
            eventually(lambda: len(matcher.pids) == 3 and reader not in matcher.pids)
            before = hammer.answers
            eventually(lambda: hammer.answers > before + 20)

        assert matcher.keeper() == keeper
        assert hammer.wrong == []
        assert len(hammer.failed) <= 2


def test_processes_end_with_their_supervisor_and_a_new_one_goes_on(
    hub: FakeHub, key_file: Path, tmp_path: Path, rng: random.Random
) -> None:
    """Nobody answers unwatched; the port is free, and all that was acknowledged is there."""
    wanted = filled(hub, rng)
    with team(hub, key_file, tmp_path / "data", processes=2) as matcher:
        eventually(matcher.is_ready, 60)
        pids = matcher.pids
        acknowledged = responded(matcher, wanted[0][1][0], rng)
        with hammering(matcher, wanted, callers=1) as hammer:
            eventually(lambda: hammer.answers > 10)
            kill(matcher.program.pid)
            eventually(lambda: not any(map(alive, pids)))
        assert hammer.wrong == []
        port = int(matcher.url.rpartition(":")[2])

    hub.stop()
    with (
        team(hub, key_file, tmp_path / "data", processes=2, port=port) as again,
        again.client() as client,
    ):
        assert numbers(client, *(each for each, _ in wanted)) == [found for _, found in wanted]
        hub.start()
        eventually(lambda: acknowledged in hub.responses)


def test_replacing_all_processes_fails_no_request(
    hub: FakeHub, key_file: Path, tmp_path: Path, rng: random.Random
) -> None:
    """SIGHUP: one by one, on a socket that is never closed."""
    wanted = filled(hub, rng)
    with team(hub, key_file, tmp_path / "data", processes=2) as matcher:
        eventually(matcher.is_ready, 60)
        old = set(matcher.pids)
        with hammering(matcher, wanted, callers=3) as hammer:
            eventually(lambda: hammer.answers > 10)
            os.kill(matcher.program.pid, signal.SIGHUP)
            eventually(lambda: not old & set(matcher.pids) and len(matcher.pids) == 2, 60)
            eventually(lambda: matcher.keeper() in matcher.pids)
            before = hammer.answers
            eventually(lambda: hammer.answers > before + 20)

        assert (hammer.wrong, hammer.failed, hammer.refused) == ([], [], 0)


def test_a_second_matcher_on_the_directory_answers_and_takes_over(
    hub: FakeHub, key_file: Path, tmp_path: Path, rng: random.Random
) -> None:
    """It is no error; where the first is killed, the second keeps the directory."""
    wanted = filled(hub, rng, 5)
    data = tmp_path / "data"
    with team(hub, key_file, data, processes=1) as first:
        eventually(first.is_ready, 60)
        with team(hub, key_file, data, processes=1) as second, second.client() as client:
            assert numbers(client, *(each for each, _ in wanted)) == [found for _, found in wanted]
            acknowledged = responded(second, wanted[0][1][0], rng)
            eventually(lambda: acknowledged in hub.responses)
            assert keeper_of(data) == first.program.pid
            kill(first.program.pid)
            eventually(lambda: keeper_of(data) == second.program.pid, TAKE_OVER_SECONDS)
            fresh = random_signal(rng)
            number = hub.put(fresh)
            eventually(lambda: numbers(client, fresh) == [[number]])


def test_the_counters_are_those_of_all_processes(
    hub: FakeHub, key_file: Path, tmp_path: Path, rng: random.Random
) -> None:
    """Whichever is asked; what is the same in all is told once."""
    ((signal, _), _) = filled(hub, rng, 1)
    with team(hub, key_file, tmp_path / "data", processes=2) as matcher:
        eventually(matcher.is_ready, 60)
        for _ in range(12):
            with matcher.client() as client:
                numbers(client, signal)

        def told() -> str:
            with matcher.client() as client:
                return client.get("/metrics").text

        eventually(lambda: "takeback_matcher_lookups_total 12.0" in told())
        eventually(lambda: "takeback_matcher_hashers 2.0" in told())
        text = told()

    assert text.count("takeback_matcher_entries 1.0") == 1
    assert 'takeback_matcher_hub_ok{hub="hub"} 1.0' in text
    assert "pid=" not in text
