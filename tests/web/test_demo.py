"""A demonstration marks every answer and may move its clock; a real hub has neither."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from takeback.app import open_hub
from takeback.errors import BadSettings, Conflict
from takeback.web.demo import DemoClock, claim
from takeback.web.server import running
from tests.web.conftest import Served, access, serving, settings_for, signal, wait_until


@pytest.mark.parametrize("path", ["/", "/health", "/v1/challenge", "/nothing", "/metrics"])
def test_every_answer_of_a_demonstration_is_marked(demo: Served, path: str) -> None:
    """Whoever sees it knows that it protects nobody."""
    assert demo.http.get(path).headers["takeback-demo"] == "true"


def test_the_page_of_a_demonstration_says_so_in_both_languages(demo: Served) -> None:
    """At the top, whichever is read."""
    assert "DEMONSTRATION" in demo.http.get("/en").text
    assert "시연용이에요" in demo.http.get("/ko").text


def test_the_clock_moves_on_and_what_has_become_due_is_done(demo: Served) -> None:
    """Eight days after a withdrawal the case is purged, and its code opens nothing."""
    opened = demo.open_case(signal(90))
    demo.http.post("/v1/cases/withdrawal", json=access(opened))
    before = demo.hub.now()

    moved = demo.http.post("/demo/advance", json={"days": 8})

    assert moved.status_code == 200
    assert demo.hub.now() - before >= timedelta(days=8)
    wait_until(lambda: demo.http.post("/v1/cases/receipt", json=access(opened)).status_code == 404)


def test_moving_the_clock_is_on_the_log(demo: Served) -> None:
    """Nothing that can't be recorded happens, in a demonstration either."""
    before = demo.hub.audit.verify().size

    demo.http.post("/demo/advance", json={"days": 2})

    last = demo.hub.audit.every_event(before, 1)[0][1]
    assert (last.action, last.facts) == ("demo.advanced", {"hours": 48})


def test_a_demonstration_never_runs_on_a_hub_of_real_cases(tmp_path: Path) -> None:
    """Moving its clock would purge them; nor does a real hub take over a demonstration's data."""
    real, demonstration = tmp_path / "real", tmp_path / "demonstration"
    with open_hub(settings_for(tmp_path, data=real)):
        pass
    claim(demonstration, demo=True)

    with pytest.raises(Conflict):
        claim(real, demo=True)
    with pytest.raises(Conflict):
        claim(demonstration, demo=False)
    claim(demonstration, demo=True)
    claim(real, demo=False)


@pytest.mark.parametrize("days", [0, -1, 4001, 1.5, "1"])
def test_the_clock_moves_forwards_by_whole_days_only(demo: Served, days: object) -> None:
    """Nothing else is accepted."""
    assert demo.http.post("/demo/advance", json={"days": days}).status_code == 400


def test_a_real_hub_s_clock_can_not_be_moved(served: Served) -> None:
    """There is no such address, and no mark."""
    answer = served.http.post("/demo/advance", json={"days": 1})

    assert answer.status_code == 404
    assert "takeback-demo" not in answer.headers
    assert "DEMONSTRATION" not in served.http.get("/").text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "hub.example"])  # noqa: S104
def test_a_demonstration_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    """It refuses to start anywhere else."""
    clock = DemoClock()
    settings = replace(settings_for(tmp_path), host=host)
    with (
        open_hub(settings, now=clock) as hub,
        pytest.raises(BadSettings, match="loopback"),
        running(hub, settings, demo=clock),
    ):
        raise AssertionError("it started")


def test_the_clock_shows_the_true_time_until_it_is_moved() -> None:
    """Days are added to a clock that goes on."""
    clock = DemoClock(base=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    before = clock()

    clock.advance(3)

    assert (before, clock()) == (
        datetime(2030, 1, 1, tzinfo=UTC),
        datetime(2030, 1, 4, tzinfo=UTC),
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demonstration that is running."""
    with serving(settings_for(tmp_path_factory.mktemp("demo")), DemoClock()) as running_demo:
        yield running_demo
