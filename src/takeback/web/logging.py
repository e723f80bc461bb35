"""The log: one JSON object a line, on stderr, with nothing in it that tells about a person.

A request's line holds the route's template, the status, how long it took and, for a
partner, the platform's id. No address, user agent, referrer, key, code or signal: not
because they are filtered out, but because nothing here is ever given them. Exceptions are
logged by kind and place, never with their message; other libraries by their template,
never with its arguments.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger

LIBRARY_LEVEL = logging.WARNING
"""What libraries say below this is not logged at all."""


def configure(stream: TextIO | None = None) -> None:
    """Send the log to *stream*, stderr when none is given; also what libraries log."""
    target = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Library()], level=LIBRARY_LEVEL, force=True)


def log() -> FilteringBoundLogger:
    """Return the logger."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def failure(event: str, error: BaseException, **facts: str | int) -> None:
    """Log what kind of failure it was and where, without its message, which may hold input."""
    log().error(event, error=_kind(error), at=_places(error), **facts)


def _kind(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _places(error: BaseException) -> list[str]:
    """Return the innermost places of the stack, file and line only."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno}" for frame in frames]


class _Library(logging.Handler):
    """Passes on what a library logs, without the arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the template of *record*, its first line only, and the kind of its exception.

        What asyncio adds below the first line repeats the exception's message.
        """
        facts = {"logger": record.name, "template": str(record.msg).partition("\n")[0]}
        if record.exc_info and record.exc_info[1]:
            facts["error"] = _kind(record.exc_info[1])
        log().log(record.levelno, "library", **facts)
