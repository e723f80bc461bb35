"""``takeback match``: what a matcher says of pictures, from a terminal."""

from collections.abc import Iterator
from pathlib import Path

import click
import httpx2
import msgspec

from takeback.cli import talk
from takeback.cli.output import as_json, emit
from takeback.cli.refusals import refusal
from takeback.errors import HubUnreachable, NotAPicture
from takeback.exchange.client import KeyFile
from takeback.matcher.documents import MatchAnswer

TIMEOUT = 60.0
"""Seconds to wait for one answer; a matcher hashes the picture first."""


class Matched(msgspec.Struct, frozen=True):
    """One picture and what the matcher said of it."""

    path: str
    answer: MatchAnswer


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--matcher", "url", metavar="URL", default="http://127.0.0.1:8090", show_default=True)
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A key that the matcher accepts, when it asks for one.",
)
@as_json
def match(paths: tuple[Path, ...], url: str, key_file: Path | None, as_json: bool) -> None:
    """Ask a matcher about pictures.

    Sends each FILE to your own matcher and prints what it is near to. No match is exit 0 too.
    A FILE that is no picture is named, the others are still asked about, and the exit code is 3.
    """
    progress = talk.Progress("asked about", len(paths))
    headers = {"authorization": f"Bearer {KeyFile(key_file).text()}"} if key_file else {}
    asked, refused = [], []
    with httpx2.Client(base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False) as client:
        for path in paths:
            try:
                asked.append(Matched(str(path), ask(client, _bytes_of(path))))
            except NotAPicture as error:
                error.add_note(str(path))
                refused.append(error)
            progress.step()
    emit(asked, lambda: [line for each in asked for line in _lines(each)], as_json=as_json)
    talk.refuse_all(refused)


def ask(client: httpx2.Client, picture: bytes) -> MatchAnswer:
    """Return what the matcher says of one picture.

    Raises:
        TakebackError: it refused, and said why; or it can't be reached.
    """
    headers = {"content-type": "application/octet-stream"}
    try:
        response = client.post("/v1/match", content=picture, headers=headers)
    except httpx2.TransportError:
        unreachable = HubUnreachable("the matcher can't be reached")
        unreachable.hint = "Check --matcher, and that `takeback matcher` is running there."
        raise unreachable from None
    if not response.is_success:
        raise refusal(response)
    return msgspec.json.decode(response.content, type=MatchAnswer)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        refused = NotAPicture(f"the file can't be read: {talk.plain(problem.strerror or '')}")
        refused.hint = "Check the path, and that you may read the file."
        raise refused from None


def _lines(each: Matched) -> Iterator[str]:
    [result] = each.answer.results
    for found in result.matches:
        yield (
            f"{each.path}: match at distance {found.distance}, {found.bank}, {found.view}, "
            f"asks to {found.ask}, {found.number}"
        )
    if not result.matches:
        yield f"{each.path}: {_nothing(result.looked_up, each.answer.missing)}"


def _nothing(looked_up: bool, missing: list[str]) -> str:
    if not looked_up:
        return "too little detail to be looked up"
    return f"no match, without {', '.join(missing)}" if missing else "no match"
