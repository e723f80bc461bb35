"""``takeback match``: what a matcher says of uploads, or what two files have in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from takeback.cli import talk
from takeback.cli.asking import (
    CHECK_PATH,
    client_for,
    file_trouble,
    knock,
    matcher_options,
    name_as_text,
    ours,
    result_as_data,
)
from takeback.cli.explain.found import evidence_of
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.writing import explain_option, pages_for, write_page
from takeback.cli.files import each_file
from takeback.cli.output import as_json, emit
from takeback.client import Answer, BadAnswer, Client, MatcherError
from takeback.client.uploads import Upload
from takeback.errors import BadInput, NotAPicture
from takeback.matcher.documents import HubMatch, MatchAnswer

TIMEOUT = 300.0
"""Seconds to wait for one answer; a matcher hashes the upload first, and a video takes long."""


class Matched(msgspec.Struct, frozen=True):
    """One upload and what the matcher said of it."""

    path: str
    answer: MatchAnswer


class Asking(TypedDict):
    """Which matcher is asked, and about what stands in a pipe, as click names it."""

    url: str
    key_file: Path | None
    allow_http: bool
    stdin: bool
    signals: bool
    null: bool
    at_once: int
    within: float


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, type=click.Path(path_type=Path))
@matcher_options
@click.option(
    "--against",
    metavar="FILE2",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ask no matcher: compare each FILE with FILE2 here, as if FILE2 were registered.",
)
@click.option("--stdin", is_flag=True, help="Read the paths from standard input, one a line.")
@click.option("--signals", is_flag=True, help="With --stdin: the lines are PDQ signals.")
@click.option(
    "-0",
    "--null",
    is_flag=True,
    help="With --stdin: a NUL ends each, no new line; safe for any name.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=4,
    show_default=True,
    help="With --stdin: files asked about at the same time.",
)
@click.option(
    "--within",
    type=click.FloatRange(0.1),
    default=TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long one answer may take, asking again included.",
)
@explain_option
@as_json
def match(
    paths: tuple[Path, ...],
    against: Path | None,
    explain_to: Path | None,
    as_json: bool,
    **asking: Unpack[Asking],
) -> int:
    """Ask a matcher about pictures and videos.

    Sends each FILE to your own matcher and prints what it matches, and why. With --against
    nothing is sent: both files are hashed here, keypoints included. No match is exit 0 too. A
    FILE that can't be read is named, the others are still asked about, and the exit code is 3.

    With --stdin the answers are JSON lines, one for each line that was read, in order. Exits 0
    when all were answered, 3 when some were refused and all others answered, 6 and 7 when it
    had to stop because of the key or the matcher.
    """
    _check(asking, paths, alone=against is None and explain_to is None)
    if asking["stdin"]:
        return _match_pipe(asking)
    pages = pages_for(explain_to, paths) if explain_to else {}
    if against is not None:
        from takeback.cli.against import match_against  # here: asking a matcher hashes nothing

        match_against(paths, against, pages, as_json=as_json)
        return 0
    with _client(asking) as client:

        def ask_about(path: Path) -> Matched:
            matched = Matched(name_as_text(os.fsencode(path)), ask(client, path))
            if path in pages:
                _explain(path, matched.answer, pages[path])
            return matched

        asked, refused = each_file(paths, ask_about, said="asked about", refused=(BadInput,))
    emit(asked, lambda: [line for each in asked for line in _lines(each)], as_json=as_json)
    talk.refuse_all(refused)
    return 0


def _check(asking: Asking, paths: tuple[Path, ...], *, alone: bool) -> None:
    """Refuse options that contradict each other."""
    if asking["stdin"] and (paths or not alone):
        raise click.UsageError("--stdin takes neither FILE nor --against nor --explain")
    if not asking["stdin"] and (asking["signals"] or asking["null"]):
        raise click.UsageError("--signals and --null need --stdin")
    if not asking["stdin"] and not paths:
        raise click.UsageError("give a FILE, or --stdin")


def _match_pipe(asking: Asking) -> int:
    from takeback.cli.lines import Pipe, match_lines  # here: most calls name their files

    with _client(asking) as client:
        separator = b"\0" if asking["null"] else b"\n"
        signals, at_once = asking["signals"], asking["at_once"]
        return match_lines(
            Pipe(client=client, signals=signals, separator=separator, at_once=at_once)
        )


@contextmanager
def _client(asking: Asking) -> Iterator[Client]:
    """Yield a client of a matcher that is there."""
    url, key_file, allow_http = asking["url"], asking["key_file"], asking["allow_http"]
    with client_for(url, key_file, asking["within"], allow_http=allow_http) as client:
        try:
            knock(client)
        except MatcherError as error:
            raise ours(error) from None
        yield client


def _explain(path: Path, answer: MatchAnswer, page: Path) -> None:
    from takeback.cli.explain.answered import explain_answered  # here: most calls draw nothing

    write_page(page, explain_answered(path, talk.shown(path.name), answer))


def ask(client: Client, upload: Upload) -> MatchAnswer:
    """Return what the matcher says of one picture or video.

    Raises:
        BadInput: the file can't be read, or the matcher won't take it.
        TakebackError: the matcher can't be asked at all.
    """
    try:
        return _as_documented(client.match(upload))
    except (OSError, ValueError) as problem:
        refused = NotAPicture(f"the file can't be read: {file_trouble(problem)}")
        refused.hint = CHECK_PATH
        raise refused from None
    except MatcherError as error:
        raise ours(error) from None


def _as_documented(answer: Answer) -> MatchAnswer:
    data = {"results": [result_as_data(result) for result in answer], "missing": answer.missing}
    try:
        return msgspec.convert(data, MatchAnswer)
    except msgspec.ValidationError:
        raise BadAnswer("the matcher uses words that this version does not know") from None


def _lines(each: Matched) -> Iterator[str]:
    [result] = each.answer.results  # the client lets no other number through
    for found in sorted(result.matches, key=_surest_first):
        evidence = evidence_of(found)
        yield (
            f"{each.path}: match by {reason(evidence)}; {found.bank}, "
            f"asks to {found.ask}, {found.number}"
        )
        yield f"  {' '.join(circumstances(evidence))}"
    if not result.matches:
        yield f"{each.path}: {_nothing(result.looked_up, each.answer.missing)}"


def _surest_first(found: HubMatch) -> tuple[float, bool]:
    """Put the whole picture before its mirror image, where both are as sure."""
    return -found.score, found.view != "whole"


def _nothing(looked_up: bool, missing: list[str]) -> str:
    if not looked_up:
        return "too little detail to be looked up"
    return f"no match, without {', '.join(missing)}" if missing else "no match"
