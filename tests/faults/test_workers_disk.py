"""A matcher whose indexes are damaged or left behind, or whose disk is full."""

import random
import resource
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx2
import pytest

from takeback.matcher.banks import DAMAGED
from takeback.matcher.options import MatcherOptions
from takeback.matching.lookup.indexes import KEYPOINTS, SIGNALS
from tests.faults.matchers import filled, keeper_of, team
from tests.matcher.conftest import random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, numbers, ready, running


def damage(directory: Path) -> None:
    """Change a bit in the middle of every file that is more than a lock."""
    for path in directory.iterdir():
        content = bytearray(path.read_bytes())
        if content:
            content[len(content) // 2] ^= 0x10
            path.write_bytes(content)


def truncate(directory: Path) -> None:
    """Cut every file in half."""
    for path in directory.iterdir():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("harm", [damage, truncate, shutil.rmtree])
@pytest.mark.parametrize("name", [SIGNALS, KEYPOINTS])
def test_a_damaged_index_is_made_anew_from_the_state_file(
    hub: FakeHub,
    options: MatcherOptions,
    rng: random.Random,
    name: str,
    harm: Callable[[Path], None],
) -> None:
    """Without the hub; until then the answer is: later. Never a wrong one."""
    wanted = filled(hub, rng)
    with running(options) as client:
        eventually(lambda: ready(client))
    hub.stop()
    harm(options.data / name)

    with running(options) as client:
        right(client, wanted)
        hub.start()
        fresh = random_signal(rng)
        number = hub.put(fresh)
        eventually(lambda: numbers(client, fresh) == [[number]])
    assert not (options.data / DAMAGED).exists()


def right(client: httpx2.Client, wanted: Sequence[tuple[object, list[str]]]) -> None:
    """Ask until it answers; it is right from the first answer on."""
    body = {"signals": [str(signal) for signal, _ in wanted]}
    found = [numbers for _, numbers in wanted]

    def answered() -> bool:
        answer = client.post("/v1/match", json=body)
        if answer.status_code == 503:
            return False
        got = [[match["number"] for match in one["matches"]] for one in answer.json()["results"]]
        assert got == found
        return True

    eventually(answered)


def test_an_index_that_was_left_behind_is_made_anew(
    hub: FakeHub, options: MatcherOptions, tmp_path: Path, rng: random.Random
) -> None:
    """As after an old copy of its directory was put back: what came since is not missed."""
    filled(hub, rng, 5)
    with running(options) as client:
        eventually(lambda: ready(client))
    shutil.copytree(options.data / SIGNALS, tmp_path / "old")
    wanted = filled(hub, rng, 5)
    with running(options) as client:
        eventually(lambda: numbers(client, wanted[0][0]) == [wanted[0][1]])
    shutil.rmtree(options.data / SIGNALS)
    shutil.copytree(tmp_path / "old", options.data / SIGNALS)
    hub.stop()

    with running(options) as client:
        right(client, wanted)


def test_a_full_disk_is_said_so_and_what_waits_comes_when_there_is_room(
    hub: FakeHub, key_file: Path, tmp_path: Path, rng: random.Random
) -> None:
    """Look-ups go on from what is held; a response that can't be kept is not acknowledged."""
    wanted = filled(hub, rng)
    data = tmp_path / "data"
    with team(hub, key_file, data, processes=1) as matcher, matcher.client() as client:
        eventually(matcher.is_ready, 60)
        pid = keeper_of(data)
        unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        fresh = random_signal(rng)
        number = hub.put(fresh)
        response = {"id": "7" * 32, "number": wanted[0][1][0], "response": "seen"}
        refused = client.post("/v1/responses", json={"responses": [response]})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert numbers(client, *(each for each, _ in wanted)) == [found for _, found in wanted]
        assert numbers(client, fresh) == [[]]

        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)

        eventually(lambda: numbers(client, fresh) == [[number]], 40)
        taken = client.post("/v1/responses", json={"responses": [response]})
        assert (taken.status_code, taken.json()) == (202, {"accepted": 1})
        eventually(lambda: "7" * 32 in hub.responses)


def test_a_state_file_of_the_release_before_is_answered_from(
    hub: FakeHub, options: MatcherOptions
) -> None:
    """Its index is made at the first start; nothing is read again."""
    options.data.mkdir()
    old = Path(__file__).parents[1] / "matcher" / "state-2.sql"
    with sqlite3.connect(options.data / "matcher.db") as db:
        db.executescript(old.read_text().replace("https://hub.example", hub.url))
    db.close()
    hub.stop()

    with running(options) as client:
        right(client, [("01" * 32, ["0" * 31 + "1"]), ("02" * 32, ["0" * 31 + "2"])])
        metrics = client.get("/metrics").text

    assert "takeback_matcher_entries 4.0" in metrics
