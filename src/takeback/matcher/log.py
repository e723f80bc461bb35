"""The matcher's log: one JSON object a line, on stderr, with nothing in it about a person.

No caller's address, no number, signal, key or picture: nothing here is ever given them.
Other libraries are logged by their template, never with its arguments; the server's only from
errors on, because any caller can make it warn as often as it likes.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger


def configure(stream: TextIO | None = None) -> None:
    """Send the log to *stream*, stderr when none is given."""
    target = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Library()], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def log() -> FilteringBoundLogger:
    """Return the logger."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


class _Library(logging.Handler):
    """Passes on what a library logs, without the arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the template of *record*, its first line only, and the kind of its exception.

        What asyncio adds below the first line repeats the exception's message.
        """
        facts = {"logger": record.name, "template": str(record.msg).partition("\n")[0]}
        if record.exc_info and record.exc_info[0]:
            facts["error"] = record.exc_info[0].__qualname__
        log().log(record.levelno, "library", **facts)
