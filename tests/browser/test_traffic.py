"""What leaves the phone on the whole journey, to the last byte: documents, and no picture.

Seen twice: by the browser's own account of its requests, and on the wire in front of the hub.
"""

import base64
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from takeback.cases.wire import RegistrationDocument
from takeback.web.portal.receipt_form import ReceiptForm
from tests.browser.harness import Complaints, tab
from tests.browser.journey import Journey
from tests.browser.leaks import Secret, found, secret_of
from tests.browser.wiretap import Sent, Wiretap, tapped
from tests.journeys.story import photograph
from tests.web.conftest import Served

NAME = "바닷가 holiday-7261.jpg"
DESCRIPTION = "a description in the metadata"


def as_registration(body: bytes) -> bytes:
    """Read a body as docs/reference/registration.md says, and write it again."""
    return msgspec.json.encode(msgspec.json.decode(body, type=RegistrationDocument))


def as_form(body: bytes) -> bytes:
    """Read a body as the receipt's form, and write it again."""
    fields = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    msgspec.convert(dict(fields), ReceiptForm)
    return urlencode(fields).encode()


DOCUMENTS: Mapping[tuple[str, str], Callable[[bytes], bytes]] = {
    ("POST", "/v1/cases"): as_registration,
    ("POST", "/ko/receipt"): as_form,
}
"""Every request that has a body, and how what it says is written."""


@dataclass
class Walk:
    """A browser on the journey, on a wire that is listened to."""

    page: Page
    tap: Wiretap
    secret: Secret
    asked: list[Request]

    def registration(self) -> bytes:
        """Return the registration as it was sent."""
        [sent] = [each for each in self.tap.requests() if each.target == "/v1/cases"]
        return sent.body


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph with a telling name and metadata."""
    target = tmp_path_factory.mktemp("pictures") / NAME
    exif = Image.Exif()
    exif[0x010E] = DESCRIPTION
    Image.open(photograph("chelsea")).resize((320, 212)).save(target, quality=85, exif=exif)
    return target


@pytest.fixture(scope="module")
def walk(chromium: Browser, portal: Served, picture: Path) -> Iterator[Walk]:
    """The whole journey: start, signals, code and PIN, the receipt."""
    complaints = Complaints()
    with tapped(portal.url) as tap, tab(chromium, tap.url) as context:
        complaints.listen(context)
        asked = _listen(context)
        walk = Walk(context.new_page(), tap, secret_of(picture, DESCRIPTION), asked)
        _walk(walk.page, picture)
        yield walk
    assert complaints.unexpected() == []


def _listen(context: BrowserContext) -> list[Request]:
    asked: list[Request] = []
    context.on("request", lambda request: asked.append(request))
    return asked


def _walk(page: Page, picture: Path) -> None:
    journey = Journey(page)
    journey.begin("ko")
    journey.to_review(picture)
    keys = journey.send()
    page.goto("/ko/receipt")
    page.locator("#open-code").fill(keys.code)
    page.locator("#open-pin").fill(keys.pin)
    page.locator("#open-go").click()
    expect(page.locator("#receipt")).to_have_attribute("data-state", "read")


def test_every_byte_sent_is_of_a_documented_request(walk: Walk) -> None:
    """Each body, decoded as the reference says and encoded again, is what was sent."""
    sent = walk.tap.requests()

    assert [each for each in sent if not is_documented(each)] == []
    bodies = Counter((each.method, each.target) for each in sent if each.body)
    assert bodies == {("POST", "/v1/cases"): 1, ("POST", "/ko/receipt"): 1}


def is_documented(sent: Sent) -> bool:
    """Tell whether a request is a page, a file of it, a challenge, or exactly a document."""
    if "?" in sent.target or "content-encoding" in sent.headers:
        return False
    if again := DOCUMENTS.get((sent.method, sent.target)):
        return again(sent.body) == sent.body
    return sent.method == "GET" and sent.body == b""


def test_nothing_of_the_picture_is_in_what_was_sent(walk: Walk) -> None:
    """No run of the file's bytes or of its pixels, not its name, not its metadata."""
    assert leaks(walk) == []


def leaks(walk: Walk) -> list[str]:
    """Return what of the picture is in what went up the wire, headers included."""
    return [leak for sent in list(walk.tap.up) for leak in found(walk.secret, bytes(sent))]


def test_far_fewer_bytes_were_sent_than_the_picture_has(walk: Walk, picture: Path) -> None:
    """The registration is a few kilobytes; a picture would be seen by its size alone."""
    registration = msgspec.json.decode(walk.registration(), type=RegistrationDocument)

    assert len(registration.items) == 1
    assert len(walk.registration()) < min(4096, picture.stat().st_size / 2)


def test_browser_and_wire_tell_the_same(walk: Walk) -> None:
    """Nothing went past the proxy, and the browser hid nothing from its own account."""
    told = Counter(
        (asked.method, asked.url.removeprefix(walk.tap.url), asked.post_data_buffer or b"")
        for asked in walk.asked
    )

    assert told == Counter((each.method, each.target, each.body) for each in walk.tap.requests())


def _in_the_note(walk: Walk, row: bytes) -> None:
    """Send the registration again with the row in the note of its item."""
    document = json.loads(walk.registration())
    document["items"][0]["note"] = base64.b64encode(row).decode()
    _post(walk.page, "/v1/cases", json.dumps(document))


def _as_a_locator(walk: Walk, row: bytes) -> None:
    """Send the registration again with the row as an address."""
    document = json.loads(walk.registration())
    document["locators"] = [f"https://example.org/{row[:300].hex()}"]
    _post(walk.page, "/v1/cases", json.dumps(document))


def _in_an_address(walk: Walk, row: bytes) -> None:
    """Ask for a challenge with the row as its query."""
    walk.page.evaluate("query => fetch('/v1/challenge?' + query)", row.hex())


def _as_bytes(walk: Walk, row: bytes) -> None:
    """Post the row as it is."""
    walk.page.evaluate(
        "row => fetch('/v1/cases', { method: 'POST', body: new Uint8Array(row) })", list(row)
    )


def _post(page: Page, path: str, body: str) -> None:
    script = """([path, body]) => fetch(path, {
        method: "POST", headers: { "content-type": "application/json" }, body })"""
    page.evaluate(script, [path, body])


@pytest.mark.parametrize("plant", [_in_the_note, _as_a_locator, _in_an_address, _as_bytes])
def test_one_planted_row_of_pixels_makes_the_proof_fail(
    chromium: Browser,
    portal: Served,
    walk: Walk,
    picture: Path,
    plant: Callable[[Walk, bytes], None],
) -> None:
    """The same search finds a single row, wherever a script of ours would have put it."""
    image = Image.open(picture).convert("RGB")
    row = image.crop((0, 90, image.width, 91)).tobytes()
    with tapped(portal.url) as tap, tab(chromium, tap.url) as context:
        page = context.new_page()
        page.goto("/ko")
        tap.up.append(bytearray(b"".join(walk.tap.up)))
        planted = Walk(page, tap, walk.secret, [])
        assert leaks(planted) == []

        plant(planted, row)

        assert leaks(planted) == ["a run of the picture's bytes"]


def test_a_request_that_is_not_documented_makes_the_proof_fail(walk: Walk) -> None:
    """A field too many, another order, a query: each is noticed."""
    document = json.loads(walk.registration())
    turned = json.dumps(dict(reversed(document.items()))).encode()
    headers = {"content-type": "application/json"}

    assert is_documented(Sent("POST", "/v1/cases", headers, walk.registration()))
    assert not is_documented(Sent("POST", "/v1/cases", headers, turned))
    assert not is_documented(Sent("POST", "/v1/cases", headers, walk.registration() + b" "))
    assert not is_documented(Sent("GET", f"/ko?{secrets.token_hex(8)}", {}, b""))
    assert not is_documented(Sent("POST", "/v1/pictures", headers, b"{}"))
