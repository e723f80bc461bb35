"""``takeback match``: what a matcher says of uploads, or what two files have in common."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict, Unpack

import click
import httpx2
import msgspec

from takeback.cli import talk
from takeback.cli.explain.found import evidence_of
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.writing import explain_option, pages_for, write_page
from takeback.cli.files import each_file
from takeback.cli.output import as_json, emit
from takeback.cli.refusals import refusal
from takeback.errors import HubUnreachable, NotAPicture, NotAVideo
from takeback.exchange.client import KeyFile
from takeback.matcher.documents import HubMatch, MatchAnswer

TIMEOUT = 300.0
"""Seconds to wait for one answer; a matcher hashes the upload first, and a video takes long."""

UNREADABLE = (NotAPicture, NotAVideo)
"""Errors that are about one file and not about the matcher."""


class Matched(msgspec.Struct, frozen=True):
    """One upload and what the matcher said of it."""

    path: str
    answer: MatchAnswer


class Address(TypedDict):
    """Which matcher is asked, as click names it."""

    url: str
    key_file: Path | None


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--matcher", "url", metavar="URL", default="http://127.0.0.1:8090", show_default=True)
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A key that the matcher accepts, when it asks for one.",
)
@click.option(
    "--against",
    metavar="FILE2",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ask no matcher: compare each FILE with FILE2 here, as if FILE2 were registered.",
)
@explain_option
@as_json
def match(
    paths: tuple[Path, ...],
    against: Path | None,
    explain_to: Path | None,
    as_json: bool,
    **address: Unpack[Address],
) -> None:
    """Ask a matcher about pictures and videos.

    Sends each FILE to your own matcher and prints what it matches, and why. With --against
    nothing is sent: both files are hashed here, keypoints included. No match is exit 0 too. A
    FILE that can't be read is named, the others are still asked about, and the exit code is 3.
    """
    pages = pages_for(explain_to, paths) if explain_to else {}
    if against is not None:
        from takeback.cli.against import match_against  # here: asking a matcher hashes nothing

        match_against(paths, against, pages, as_json=as_json)
        return
    with _matcher(address) as client:

        def ask_about(path: Path) -> Matched:
            matched = Matched(str(path), ask(client, _bytes_of(path)))
            if path in pages:
                _explain(path, matched.answer, pages[path])
            return matched

        asked, refused = each_file(paths, ask_about, said="asked about", refused=UNREADABLE)
    emit(asked, lambda: [line for each in asked for line in _lines(each)], as_json=as_json)
    talk.refuse_all(refused)


def _matcher(address: Address) -> httpx2.Client:
    key_file = address["key_file"]
    headers = {"authorization": f"Bearer {KeyFile(key_file).text()}"} if key_file else {}
    return httpx2.Client(base_url=address["url"], headers=headers, timeout=TIMEOUT, trust_env=False)


def _explain(path: Path, answer: MatchAnswer, page: Path) -> None:
    from takeback.cli.explain.answered import explain_answered  # here: most calls draw nothing

    write_page(page, explain_answered(path, path.name, answer))


def ask(client: httpx2.Client, upload: bytes) -> MatchAnswer:
    """Return what the matcher says of one picture or video.

    Raises:
        TakebackError: it refused, and said why; or it can't be reached.
    """
    headers = {"content-type": "application/octet-stream"}
    try:
        response = client.post("/v1/match", content=upload, headers=headers)
    except httpx2.TransportError:
        raise _no_matcher("the matcher can't be reached") from None
    if not response.is_success:
        raise refusal(response)
    try:
        return msgspec.json.decode(response.content, type=MatchAnswer)
    except msgspec.DecodeError:
        raise _no_matcher("the address answered, but not as a matcher does") from None


def _no_matcher(reason: str) -> HubUnreachable:
    unreachable = HubUnreachable(reason)
    unreachable.hint = "Check --matcher, and that `takeback matcher` is running there."
    return unreachable


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        refused = NotAPicture(f"the file can't be read: {talk.plain(problem.strerror or '')}")
        refused.hint = "Check the path, and that you may read the file."
        raise refused from None


def _lines(each: Matched) -> Iterator[str]:
    [result] = each.answer.results
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
