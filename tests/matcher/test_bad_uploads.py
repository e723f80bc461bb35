"""Whatever is sent as an upload: a typed answer, in bounded time, and the next one is answered."""

import io
import random
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import httpx2
import numpy as np
from PIL import Image

from takeback.cli.demo.film import film
from takeback.matcher.options import MatcherOptions
from tests.matcher.conftest import jpeg, photograph
from tests.matcher.running import eventually, ready, running

SECONDS = 10.0
"""Within which every answer must be there; a process that is replaced takes a part of it."""


def png(picture: Image.Image) -> bytes:
    """Return *picture* as the bytes of a PNG."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def noise() -> Image.Image:
    """Draw noise."""
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (300, 400, 3), np.uint8))


def huge() -> bytes:
    """Write a PNG of 200 million white pixels, of which only the header is small enough."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 20_000, 10_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" + b"\xff" * 2_500)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


PICTURES: Mapping[str, tuple[Callable[[], bytes], int, str]] = {
    "no bytes": (lambda: b"", 415, "not-a-picture"),
    "1 x 1": (lambda: png(Image.new("RGB", (1, 1), "red")), 200, "not looked up"),
    "8 x 8": (lambda: png(noise().crop((0, 0, 8, 8))), 200, "answered"),
    "1 x 30,000": (lambda: png(noise().resize((1, 30_000))), 200, "not looked up"),
    "30,000 x 1": (lambda: png(noise().resize((30_000, 1))), 200, "not looked up"),
    "one colour": (lambda: jpeg(Image.new("RGB", (900, 700), "navy")), 200, "not looked up"),
    "noise": (lambda: png(noise()), 200, "answered"),
    "200 megapixels": (huge, 413, "picture-too-large"),
    "half a picture": (lambda: jpeg(photograph())[:9_000], 415, "picture-truncated"),
    "random bytes": (lambda: random.Random(3).randbytes(5_000), 415, "not-a-picture"),
    "random behind a good beginning": (
        lambda: jpeg(photograph())[:700] + random.Random(3).randbytes(9_000),
        415,
        "picture-truncated",
    ),
}
"""What to send, the status, and what the answer is."""


def outcome(answer: httpx2.Response) -> str:
    """Say what an answer is, in a word."""
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["hint"]
        return str(answer.json()["type"]).rpartition(":")[2]
    (result,) = answer.json()["results"]
    assert result["matches"] == []
    return "answered" if result["looked_up"] else "not looked up"


def send(client: httpx2.Client, upload: bytes, content_type: str) -> tuple[int, str]:
    """Ask about an upload; return the status and what the answer is."""
    started = time.monotonic()
    answer = client.post("/v1/match", content=upload, headers={"content-type": content_type})
    assert time.monotonic() - started < SECONDS
    return answer.status_code, outcome(answer)


def test_pictures_of_every_bad_kind_are_answered_and_cost_nobody_else(
    options: MatcherOptions,
) -> None:
    """A typed error or a plain no match; after each a good picture is answered."""
    good = jpeg(photograph("chelsea"))
    with running(options) as client:
        eventually(lambda: ready(client))
        found = {
            name: send(client, make(), "image/jpeg") for name, (make, _, _) in PICTURES.items()
        }
        assert send(client, good, "image/jpeg") == (200, "answered")
        assert ready(client)

    assert found == {name: (status, said) for name, (_, status, said) in PICTURES.items()}


def sound(path: Path) -> bytes:
    """Write a second of sound without a picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        for begin in range(0, 44_032, 1024):
            wave = np.sin(np.arange(begin, begin + 1024) / 20).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44_100, begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


def test_videos_of_every_bad_kind_are_answered_and_cost_nobody_else(
    options: MatcherOptions, tmp_path: Path
) -> None:
    """What can be read of a damaged file is compared, and the answer says it was not all."""
    film([photograph(), photograph("chelsea")], 6, tmp_path / "film.mkv", size=(320, 180))
    film([photograph()], 1, tmp_path / "film.mp4", size=(320, 180))
    whole = (tmp_path / "film.mkv").read_bytes()
    moved = (tmp_path / "film.mp4").read_bytes()
    uploads = {
        "cut off": (whole[: len(whole) // 2], 200, "answered"),
        "without its table of contents": (moved[: len(moved) // 2], 415, "not-a-video"),
        "only a beginning": (whole[:64], 415, "not-a-video"),
        "no bytes": (b"", 415, "not-a-video"),
        "random behind a good beginning": (
            whole[:400] + random.Random(4).randbytes(20_000),
            415,
            "not-a-video",
        ),
        "sound only": (sound(tmp_path / "sound.mp4"), 415, "not-a-video"),
    }
    with running(replace(options, video_hashers=1)) as client:
        eventually(lambda: ready(client), 60)
        found: dict[str, Any] = {
            name: send(client, upload, "video/mp4") for name, (upload, *_) in uploads.items()
        }
        part = client.post(
            "/v1/match",
            content=uploads["cut off"][0],
            headers={"content-type": "application/octet-stream"},
        )
        assert send(client, whole, "application/octet-stream") == (200, "answered")

    assert found == {name: (status, said) for name, (_, status, said) in uploads.items()}
    assert part.json()["results"][0]["complete"] is False


def test_a_video_that_is_too_long_or_not_wanted_is_refused(
    options: MatcherOptions, tmp_path: Path
) -> None:
    """By its bytes while they arrive, and by its kind before the rest is received."""
    film([photograph()], 1, tmp_path / "film.mp4", size=(320, 180))
    whole = (tmp_path / "film.mp4").read_bytes()
    with running(replace(options, video_hashers=1, video_bytes=len(whole) - 1)) as client:
        eventually(lambda: ready(client), 60)
        assert send(client, whole, "image/jpeg") == (413, "video-too-large")
    with running(options) as client:
        eventually(lambda: ready(client))
        assert send(client, whole, "video/mp4") == (415, "not-a-video")
        assert send(client, jpeg(photograph()), "video/mp4") == (200, "answered")
