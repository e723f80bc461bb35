"""Fixtures of the matcher's tests."""

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from PIL import Image
from skimage import data

from takeback.hashing import Signal
from takeback.matcher import log
from takeback.matcher.options import MatcherOptions, Source
from tests.matcher.fakehub import FakeHub


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A hub that listens."""
    hub = FakeHub().start()
    yield hub
    hub.stop()


@pytest.fixture
def key_file(tmp_path: Path, hub: FakeHub) -> Path:
    """The file with the platform's key at that hub."""
    path = tmp_path / "hub.key"
    path.write_text(hub.key + "\n")
    return path


@pytest.fixture
def options(tmp_path: Path, hub: FakeHub, key_file: Path) -> MatcherOptions:
    """Options of a matcher that follows that hub, with one process to hash pictures."""
    return MatcherOptions(
        sources=(Source(url=hub.url, key_file=key_file, name="hub"),),
        data=tmp_path / "matcher",
        port=0,
        hashers=1,
        video_hashers=0,
    )


@pytest.fixture
def rng() -> random.Random:
    """Seeded randomness."""
    return random.Random(7)


def random_signal(rng: random.Random) -> Signal:
    """Draw a signal; two of them are never near."""
    return Signal(rng.randbytes(32))


def near(signal: Signal, bits: int) -> Signal:
    """Return a signal that differs in the first *bits* bits."""
    mask = ((1 << bits) - 1) << (256 - bits)
    return Signal((int.from_bytes(signal.bits) ^ mask).to_bytes(32))


def photograph(name: str = "coffee") -> Image.Image:
    """Return one of scikit-image's photographs; there is no person on any of them."""
    return Image.fromarray(getattr(data, name)()).convert("RGB")


def jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    """Return *picture* as the bytes of a JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the matcher logs, whatever was configured before."""
    stream = io.StringIO()
    log.configure(stream)
    yield stream
    structlog.reset_defaults()
