"""``takeback verify-assets``: is what a hub serves to reporters what this release has?"""

from collections.abc import Iterator

import click
import httpx2
import msgspec

from takeback import __version__
from takeback.cli.output import as_json, emit
from takeback.cli.reporterhub import reporter_hub
from takeback.errors import IntegrityFailure
from takeback.web.portal.assets import Assets
from takeback.web.portal.language import languages
from takeback.web.portal.pages import load_assets
from takeback.web.portal.verification import file_differs, page_differences, pages

LONGEST = 4 * 1024 * 1024
"""Bytes of an answer beyond which it is none of ours."""


class Difference(msgspec.Struct, frozen=True):
    """One address whose answer this release would not have given."""

    address: str
    what: str


@click.command("verify-assets")
@click.argument("url")
@as_json
def verify_assets(url: str, as_json: bool) -> None:
    """Compare the portal at URL with this release.

    Loads every page and every file as a visitor does. Prints each difference: a file with
    another digest, a page that may load or do anything else. Exits 70 if there is one, 7 if
    the hub can't be reached.
    """
    ours = load_assets(languages())
    with reporter_hub(url) as hub:
        found = [*_in_assets(hub.http, ours), *_in_pages(hub.http, ours)]
    compared = len(ours.all()) + len(pages(languages()))
    record = {"version": __version__, "compared": compared, "differences": found}
    emit(record, lambda: _lines(compared, found), as_json=as_json)
    if found:
        raise _refusal(found)


def _in_assets(http: httpx2.Client, ours: Assets) -> Iterator[Difference]:
    for each in ours.all():
        status, body, _ = _loaded(http, each.address)
        if status != 200:
            yield Difference(each.address, f"answers {status}")
        elif file_differs(each, body):
            yield Difference(each.address, "its digest is another")


def _in_pages(http: httpx2.Client, ours: Assets) -> Iterator[Difference]:
    for address in pages(languages()):
        status, body, headers = _loaded(http, address)
        if status != 200:
            yield Difference(address, f"answers {status}")
            continue
        for what in page_differences(body.decode(errors="replace"), headers, ours):
            yield Difference(address, what)


def _loaded(http: httpx2.Client, address: str) -> tuple[int, bytes, httpx2.Headers]:
    """Return status, body and headers; of a body that is too long, its beginning."""
    with http.stream("GET", address) as answer:
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > LONGEST:
                break
        return answer.status_code, bytes(body), answer.headers


def _lines(compared: int, found: list[Difference]) -> list[str]:
    if not found:
        return [f"all {compared} pages and files are those of version {__version__}"]
    return [f"{each.address}: {each.what}" for each in found]


def _refusal(found: list[Difference]) -> IntegrityFailure:
    count = "1 difference" if len(found) == 1 else f"{len(found)} differences"
    refused = IntegrityFailure(f"{count} from version {__version__}")
    refused.hint = (
        "Install the version that the hub's page “Check this page” names and try again; "
        "if it still differs, do not use this portal and tell its operator."
    )
    return refused
