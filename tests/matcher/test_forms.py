"""Forms as they arrive: in whatever pieces, whatever else is in them, and on no disk."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from takeback.errors import MalformedBody
from takeback.matcher.asgi import Event, Incoming
from takeback.matcher.forms import BESIDE_BYTES, PARTS, receive_file

HEAD = b'Content-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'


@dataclass
class Kept:
    """Keeps a file."""

    content: bytearray = field(default_factory=bytearray)

    def take(self, some: bytes) -> None:
        """Keep some more."""
        self.content += some


def form(*parts: bytes, boundary: bytes = b"b") -> bytes:
    """Write a form."""
    return (
        b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary
    )


def part(content: bytes, head: bytes = HEAD) -> bytes:
    """Write a part."""
    return head + b"\r\n" + content


def received(
    pieces: Sequence[bytes], content_type: str = "multipart/form-data; boundary=b"
) -> bytes:
    """Receive a form that comes in pieces, and return its file."""
    files: list[Kept] = []

    def opened(field_name: str) -> Kept:
        assert field_name == "photo"
        files.append(Kept())
        return files[-1]

    async def run() -> None:
        left: Iterator[bytes] = iter([*pieces, b""])
        count = len(pieces) + 1

        async def receive() -> Event:
            nonlocal count
            count -= 1
            return {"type": "http.request", "body": next(left), "more_body": count > 0}

        scope: Event = {"headers": [(b"content-type", content_type.encode())]}
        await receive_file(Incoming(scope, receive), opened, 5)

    asyncio.run(run())
    (file,) = files
    return bytes(file.content)


def test_a_file_comes_whole_in_whatever_pieces(rng: random.Random) -> None:
    """Also where boundaries and look-alikes of boundaries are cut in two."""
    content = b"\r\n--b\r\n-".join([rng.randbytes(40), b"--b", b"\r\n--", b"\r\n--c"]).replace(
        b"\r\n--b", b"\r\n-b"
    )
    body = form(part(b"a note", b'Content-Disposition: form-data; name="n"\r\n'), part(content))

    assert received([body]) == content
    assert received([body[n : n + 1] for n in range(len(body))]) == content
    for _ in range(30):
        cuts = sorted(rng.sample(range(len(body)), 3))
        ends = zip([0, *cuts], [*cuts, len(body)], strict=True)
        assert received([body[begin:end] for begin, end in ends]) == content


@pytest.mark.parametrize(
    "boundary", ["--------------------------d74496d66958873e", '"with space"', "0" * 70]
)
def test_boundaries_are_what_callers_make_them(boundary: str) -> None:
    """Quoted or not."""
    body = form(part(b"x"), boundary=boundary.strip('"').encode())

    assert received([body], f"multipart/form-data; boundary={boundary}") == b"x"


def test_what_is_beside_the_file_is_bounded() -> None:
    """In number and in bytes."""
    note = b'Content-Disposition: form-data; name="n"\r\n'
    assert received([form(*[part(b"1", note)] * (PARTS - 1), part(b"x"))]) == b"x"

    for many in (
        [*[part(b"1", note)] * PARTS, part(b"x")],
        [part(b"1" * (BESIDE_BYTES + 1), note), part(b"x")],
        [part(b"x", HEAD + b"X-Much: " + b"y" * 5000 + b"\r\n")],
        [part(b"x"), part(b"y")],
    ):
        with pytest.raises(MalformedBody):
            received([form(*many)])
    with pytest.raises(MalformedBody):
        received([form(part(b"x")), *[b"y" * 4096] * 5])


def test_a_form_that_ends_early_is_refused() -> None:
    """A file that is cut off is not taken for one."""
    body = form(part(b"x" * 100))
    for cut in range(0, len(body) - 4, 7):
        with pytest.raises(MalformedBody):
            received([body[:cut]])
