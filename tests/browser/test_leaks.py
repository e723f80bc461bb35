"""The search for a picture in what was sent finds one, however it is written."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from takeback.hashing import hash_picture
from tests.browser.leaks import Secret, found, secret_of
from tests.browser.wiretap import NotHttp, Sent, read_requests
from tests.journeys.story import photograph


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small picture with a name that is not to be told."""
    target = tmp_path_factory.mktemp("pictures") / "바닷가 secret.jpg"
    Image.open(photograph("chelsea")).resize((160, 106)).save(target)
    return target


@pytest.fixture(scope="module")
def secret(path: Path) -> Secret:
    """What must not be found of it."""
    return secret_of(path, "Camera 8123")


@pytest.fixture(scope="module")
def row(path: Path) -> bytes:
    """One row of its pixels."""
    picture = Image.open(path).convert("RGB")
    return picture.crop((0, 50, picture.width, 51)).tobytes()


def test_what_is_documented_holds_nothing_of_the_picture(path: Path, secret: Secret) -> None:
    """A registration with its signals is clean; else nothing could ever pass."""
    signals = hash_picture(path.read_bytes())
    document = {"note": "nothing", "signals": [str(signals.whole), *map(str, signals.dihedral)]}

    assert found(secret, json.dumps(document).encode()) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda row: row,
        lambda row: base64.b64encode(row),
        lambda row: b"x" + base64.urlsafe_b64encode(row),
        lambda row: row.hex().encode(),
        lambda row: json.dumps(list(row)).encode(),
        lambda row: json.dumps(row.decode("latin-1")).encode(),
        lambda row: json.dumps(row.decode("latin-1"), ensure_ascii=False).encode(),
        lambda row: row[:40],
    ],
    ids=["raw", "base64", "base64url", "hex", "numbers", "escapes", "text", "forty bytes"],
)
def test_one_row_of_pixels_is_found(
    secret: Secret, row: bytes, write: Callable[[bytes], bytes]
) -> None:
    """In any writing, and a part of it is enough."""
    sent = b'{"note": "' + write(row) + b'"}'

    assert found(secret, sent) == ["a run of the picture's bytes"]


def test_a_piece_of_the_file_is_found(path: Path, secret: Secret) -> None:
    """The file's own bytes as well as its pixels."""
    assert found(secret, b"--" + path.read_bytes()[900:960]) == ["a run of the picture's bytes"]


@pytest.mark.parametrize(
    "sent",
    [
        "바닷가 secret.jpg".encode(),
        b"GET /?n=%EB%B0%94%EB%8B%B7%EA%B0%80%20secret HTTP/1.1",
        json.dumps("바닷가 secret").encode(),
        b"taken with Camera 8123",
    ],
)
def test_names_and_metadata_are_found(secret: Secret, sent: bytes) -> None:
    """As text, in an address, with escapes; metadata too."""
    assert found(secret, sent) != []


def test_every_byte_on_the_wire_belongs_to_a_request() -> None:
    """Two requests on one connection are read to the last byte."""
    data = b"GET /ko HTTP/1.1\r\nHost: hub\r\n\r\nPOST /v1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"

    assert list(read_requests(data)) == [
        Sent("GET", "/ko", {"host": "hub"}, b""),
        Sent("POST", "/v1", {"content-length": "3"}, b"abc"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /ko HTTP/1.1\r\nHost: hub\r\n\r\nand more",
        b"POST /v1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nab",
        b"POST /v1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_bytes_that_are_no_request_are_an_error(data: bytes) -> None:
    """Nothing is overlooked because it could not be read."""
    with pytest.raises(NotHttp):
        list(read_requests(data))
