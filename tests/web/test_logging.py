"""The log says what kind of failure and where, and nothing that somebody sent."""

import asyncio
import gc
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from takeback.matcher import log as matcherlog
from takeback.web import logging as weblog

SECRET = "tell-nobody"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged during the test."""
    stream = io.StringIO()
    weblog.configure(stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def _fail() -> None:
    raise ValueError(f"bad code {SECRET}")


def _lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(log: io.StringIO) -> None:
    """Named facts, the level and the instant in UTC."""
    weblog.log().info("request", route="/v1/feed", status=200)

    (line,) = _lines(log)
    assert line["event"] == "request"
    assert (line["route"], line["status"], line["level"]) == ("/v1/feed", 200, "info")
    assert str(line["timestamp"]).endswith("Z")


def test_a_failure_is_logged_without_its_message(log: io.StringIO) -> None:
    """Its kind and its place are enough to find the line of code."""
    try:
        _fail()
    except ValueError as error:
        weblog.failure("request.failed", error)

    (line,) = _lines(log)
    assert line["error"] == "builtins.ValueError"
    assert str(line["at"]).find("tests/web/test_logging.py:") > 0
    assert SECRET not in log.getvalue()


def test_a_library_is_logged_by_its_template(log: io.StringIO) -> None:
    """What it filled in, and the message of its exception, are left out."""
    try:
        _fail()
    except ValueError:
        logging.getLogger("library").exception("can't handle %s", SECRET)

    (line,) = _lines(log)
    assert line["template"] == "can't handle %s"
    assert line["error"] == "builtins.ValueError"
    assert SECRET not in log.getvalue()


def test_a_library_s_chatter_is_not_logged(log: io.StringIO) -> None:
    """Below a warning nobody else is heard; that is where addresses would be."""
    logging.getLogger("uvicorn.access").info("203.0.113.7 GET /v1/feed")

    assert log.getvalue() == ""


async def _forgotten() -> None:
    """Start a task that fails and that nobody waits for."""

    async def fail() -> None:
        _fail()

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()


@pytest.mark.parametrize("configure", [weblog.configure, matcherlog.configure])
def test_a_task_that_nobody_waited_for_is_logged_without_its_message(
    log: io.StringIO, configure: Callable[[io.StringIO], None]
) -> None:
    """Asyncio writes the exception into its own template; hub and matcher cut it off."""
    configure(log)

    asyncio.run(_forgotten())

    (line,) = _lines(log)
    assert line["template"] == "Task exception was never retrieved"
    assert SECRET not in log.getvalue()
