"""Only who takes gzip gets it, and a short answer is sent as it is."""

import gzip

import pytest
from litestar.types import Message, Receive, Scope, Send

from takeback.web.compress import WORTH_IT, Compress, takes_gzip

LONG = b"0123456789abcdef" * WORTH_IT


def _scope(accept: str) -> Scope:
    return {"type": "http", "headers": [(b"accept-encoding", accept.encode())]}  # type: ignore[return-value]


async def _call(body: bytes, accept: str) -> tuple[dict[bytes, bytes], bytes]:
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read here")

    await Compress(app)(_scope(accept), receive, send)  # type: ignore[arg-type]
    start, *rest = sent
    return dict(start["headers"]), b"".join(message["body"] for message in rest)  # type: ignore[typeddict-item]


@pytest.mark.anyio
async def test_a_long_answer_is_compressed_for_who_takes_it() -> None:
    """What arrives unpacks to what was answered, and the length is the packed one."""
    headers, body = await _call(LONG, "br, gzip;q=0.5")

    assert gzip.decompress(body) == LONG
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"content-length"] == str(len(body)).encode()


@pytest.mark.anyio
@pytest.mark.parametrize("accept", ["", "br", "gzip;q=0", "identity"])
async def test_who_does_not_take_gzip_gets_it_plain(accept: str) -> None:
    """Nothing is compressed that the caller did not ask for."""
    headers, body = await _call(LONG, accept)

    assert body == LONG
    assert b"content-encoding" not in headers


@pytest.mark.anyio
async def test_a_short_answer_stays_plain() -> None:
    """Compressing a few bytes costs more than it saves."""
    headers, body = await _call(b"{}", "gzip")

    assert body == b"{}"
    assert b"content-encoding" not in headers


@pytest.mark.parametrize(
    ("header", "taken"),
    [("gzip", True), ("*", True), ("deflate, GZIP", True), ("gzip; q=0.0", False), ("gz", False)],
)
def test_accept_encoding_is_read_by_its_weights(header: str, taken: bool) -> None:
    """A weight of zero is a no."""
    assert takes_gzip(header) is taken
