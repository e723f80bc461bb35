"""Everything a platform can choose for its matcher, as data. Defaults are the safe ones.

``takeback matcher`` fills these in from its command line; nothing here reads the environment.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from takeback.errors import BadSettings
from takeback.exchange.client import check_address, is_loopback

SourceKind = Literal["hub", "stopncii"]

MOST_PROCESSES: Final = 256
"""More than any machine has use for: each takes 200 MB and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One hub that is followed or asked."""

    url: str
    """Its address, for example ``https://hub.example``."""

    key_file: Path
    """File with the key. For StopNCII: ``fetch key,subscription key[,feedback key]``."""

    kind: SourceKind = "hub"
    """*hub* speaks our partner API, *stopncii* the StopNCII partner API."""

    name: str = ""
    """What answers and metrics call it. Empty: the host and port of its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatcherOptions:
    """What a platform can choose for its matcher."""

    sources: tuple[Source, ...]
    """The hubs, at least one, each address once."""

    data: Path
    """Directory of the state file. Holds signals: keep it on an encrypted disk."""

    ask: bool = False
    """Ask the hubs at each look-up (tier ``lookup``) instead of following their feeds."""

    host: str = "127.0.0.1"
    """Address to listen on; any but loopback needs ``require_key_file``."""

    port: int = 8090
    """Port to listen on; 0 takes a free one."""

    processes: int = 1
    """Processes that answer; each more takes look-ups of one core more."""

    require_key_file: Path | None = None
    """File with the keys that callers may use, one a line. None: callers need no key."""

    stale_after: float = 120.0
    """Seconds without news of a hub after which the matcher is no longer ready."""

    hashers: int = max(1, (os.cpu_count() or 2) - 1)
    """Processes that hash pictures, of all processes together; each has at least one."""

    waiting_pictures: int = 32
    """Pictures that may wait for a process; one more is refused with 503."""

    picture_seconds: float = 10.0
    """Seconds that one picture may take, of the processor and on the clock."""

    picture_bytes: int = 64 * 1024 * 1024
    """Largest file of a picture that is accepted."""

    picture_memory: int = 2 * 1024 * 1024 * 1024
    """Bytes of memory that a process may add to what it starts with, for a picture."""

    video_hashers: int = 1
    """Processes that hash videos, likewise; 0 takes no videos."""

    waiting_videos: int = 4
    """Videos that may wait for a process; one more is refused with 503."""

    video_seconds: float = 120.0
    """Seconds that one video may take, of the processor and on the clock."""

    video_bytes: int = 256 * 1024 * 1024
    """Largest file of a video that is accepted."""

    video_memory: int = 3 * 1024 * 1024 * 1024
    """Bytes of memory that a process may add to what it starts with, for a video."""

    stopncii_seconds: float = 60.0
    """Seconds between two questions to a StopNCII server, which has no long poll."""


def checked(options: MatcherOptions) -> MatcherOptions:
    """Return *options* with every name filled in.

    Raises:
        BadSettings: names everything that is wrong, in one message.
    """
    sources = tuple(named(source) for source in options.sources)
    problems = [*_problems_of_sources(sources, ask=options.ask), *_problems_of_numbers(options)]
    if not is_loopback(options.host) and options.require_key_file is None:
        problems.append("an address other than loopback needs --require-key-file: never open")
    if problems:
        wrong = BadSettings("; ".join(problems))
        wrong.hint = "`takeback matcher --help` lists every option."
        raise wrong
    return replace(options, sources=sources)


def named(source: Source) -> Source:
    """Return the source with its address checked and its name filled in."""
    url = check_address(source.url)
    parts = urlsplit(url)
    return replace(source, url=url, name=source.name or parts.netloc + parts.path)


def _problems_of_sources(sources: Sequence[Source], *, ask: bool) -> list[str]:
    problems = [] if sources else ["give at least one hub with --hub or --stopncii"]
    if len({source.url for source in sources}) < len(sources):
        problems.append("each hub may be given once only")
    if len({source.name for source in sources}) < len(sources):
        problems.append("two hubs have the same name")
    if not all(re.fullmatch(r"[\w.:/\[\]-]{1,100}", source.name) for source in sources):
        problems.append("a name has letters, digits and . : / - only")
    if ask and any(source.kind == "stopncii" for source in sources):
        problems.append("a StopNCII server can be followed but not asked: leave out --ask")
    problems += [
        f"the key file of {source.name} can't be read"
        for source in sources
        if not os.access(source.key_file, os.R_OK)
    ]
    return problems


def _problems_of_numbers(options: MatcherOptions) -> list[str]:
    positive = (
        *("stale_after", "processes", "hashers", "stopncii_seconds"),
        *("picture_seconds", "picture_bytes", "video_seconds", "video_bytes"),
    )
    problems = [
        f"{name.replace('_', '-')} must be above zero"
        for name in positive
        if not getattr(options, name) > 0
    ]
    if options.video_hashers < 0:
        problems.append("video-hashers must not be below zero")
    if options.processes > MOST_PROCESSES:
        problems.append(f"processes must be at most {MOST_PROCESSES}")
    if not 0 <= options.port <= 65535:
        problems.append("port must be between 0 and 65535")
    return problems
