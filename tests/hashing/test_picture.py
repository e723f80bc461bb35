"""One picture in, its signals out: what the public function promises."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import takeback.hashing
from takeback.hashing import (
    MATCH_DISTANCE,
    MINIMUM_QUALITY,
    hash_picture,
    kernels,
    seams,
    shrink,
    warm_up,
)
from takeback.hashing.decode import upright_pixels
from tests.hashing.files import photograph, save
from tests.hashing.oracle import oracle_signals
from tests.hashing.photographs import CHELSEA, COFFEE, IN_WHEEL, PHOTOGRAPHS

TEXTURES = ("brick", "grass", "gravel", "page")
"""Patterns as fine as the samples, which any change of scale moves further than photographs."""


@pytest.mark.parametrize("path", PHOTOGRAPHS, ids=lambda path: path.stem)
def test_a_photograph_has_the_signals_of_the_oracle(path: Path) -> None:
    """Two bits at most, in any of the eight directions, whatever way the file was read."""
    found = hash_picture(path)

    theirs, quality = oracle_signals(upright_pixels(path))

    assert max(a.distance(b) for a, b in zip(found.dihedral, theirs, strict=True)) <= 2
    assert found.quality == quality or (found.path, abs(found.quality - quality)) == (
        "luminance",
        1,
    )


@pytest.mark.parametrize("path", IN_WHEEL, ids=lambda path: path.stem)
def test_a_large_jpeg_read_without_colour_has_the_signals_of_the_oracle(path: Path) -> None:
    """The fast way is near enough for everyone."""
    with Image.open(path) as picture:
        file = save(picture.convert("RGB").resize((1800, 1200)), "JPEG", quality=90)

    found = hash_picture(file)

    theirs, _ = oracle_signals(upright_pixels(file))
    assert found.path == "luminance"
    assert found.whole.distance(theirs[0]) <= 2


@pytest.mark.parametrize("path", IN_WHEEL, ids=lambda path: path.stem)
def test_a_scaled_jpeg_still_matches(path: Path) -> None:
    """A platform that chooses speed still finds what was registered in full."""
    bound = MATCH_DISTANCE if path.stem in TEXTURES else 14
    with Image.open(path) as picture:
        file = save(picture.convert("RGB").resize((2400, 1800)), "JPEG", quality=90)

    scaled, full = hash_picture(file, shrink=True), hash_picture(file)

    assert scaled.path == "scaled"
    assert scaled.whole.distance(full.whole) <= bound


def test_different_photographs_are_far_apart() -> None:
    """A control: the distances above are small for a reason."""
    assert hash_picture(COFFEE).whole.distance(hash_picture(CHELSEA).whole) > 90


def test_low_quality_is_reported_not_refused() -> None:
    """Whoever registers decides; hashing only measures."""
    flat = hash_picture(save(Image.new("RGB", (300, 200), "navy"), "PNG"))

    assert flat.quality == 0 < MINIMUM_QUALITY
    assert len(flat.dihedral) == 8


def test_the_whole_signal_is_the_first_of_the_eight() -> None:
    """One name for what is registered."""
    found = hash_picture(COFFEE)

    assert found.whole == found.dihedral[0]
    assert len(set(found.dihedral)) == 8


def test_signals_of_a_picture_travel_between_processes() -> None:
    """Equal on the other side."""
    found = hash_picture(COFFEE)

    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_nothing_is_compiled_after_warming_up() -> None:
    """No request ever waits for the compiler, whatever the picture."""
    modules = (kernels, seams, shrink)
    loops = [
        loop for each in modules for loop in vars(each).values() if hasattr(loop, "signatures")
    ]
    warm_up()
    before = [list(loop.signatures) for loop in loops]

    for mode in ("1", "L", "RGB", "RGBA", "P", "I;16"):
        hash_picture(save(photograph().convert("L").convert(mode), "PNG"))
    hash_picture(save(photograph(2000, 1500), "JPEG"))
    for role in ("query", "reporter"):
        hash_picture(save(photograph(2000, 1500).rotate(5), "JPEG"), role=role)

    assert sum(map(len, before)) >= 2
    assert [list(loop.signatures) for loop in loops] == before


def test_a_program_that_only_compares_signals_loads_no_decoder() -> None:
    """The hub and most commands start fast and have no parser to attack."""
    check = (
        "import sys; from takeback.hashing import Signal; "
        "assert not {'PIL', 'pillow_heif', 'numba'} & set(sys.modules); "
        "from takeback.hashing import hash_picture; assert 'PIL' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", check], check=True)


def test_every_public_name_is_there() -> None:
    """Those that are loaded when used as well."""
    for name in takeback.hashing.__all__:
        assert getattr(takeback.hashing, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'hash_sound'"):
        _ = takeback.hashing.hash_sound


def test_a_role_that_there_is_not_is_refused_by_name() -> None:
    """Before the picture is read."""
    with pytest.raises(ValueError, match="'reporter' or 'query'"):
        hash_picture(b"no picture", role="upload")  # type: ignore[arg-type]


GROWTH = """
import re, sys
from pathlib import Path
from takeback.hashing import hash_picture, warm_up

def kibibytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

warm_up()
data = Path(sys.argv[1]).read_bytes()
Path("/proc/self/clear_refs").write_text("5")
before = kibibytes("VmRSS")
found = hash_picture(data)
print((kibibytes("VmHWM") - before) * 1024 / (found.width * found.height * 3))
"""
"""Prints how much memory hashing took, in sizes of the decoded picture. Linux: proc(5)."""


@pytest.mark.parametrize(("format", "bound"), [("JPEG", 1), ("PNG", 3), ("AVIF", 4), ("WEBP", 6)])
def test_memory_is_bounded_by_the_picture(format: str, bound: float, tmp_path: Path) -> None:
    """A small server can hash large uploads; what AVIF and WebP take more is their decoders'."""
    noise = np.random.default_rng(1).integers(0, 64, (750, 1000, 3), np.uint8)
    picture = Image.fromarray(noise).resize((4000, 3000))
    path = tmp_path / "picture"
    path.write_bytes(save(picture, format, **({"speed": 10} if format == "AVIF" else {})))

    run = subprocess.run(
        [sys.executable, "-c", GROWTH, path], check=True, capture_output=True, text=True
    )

    assert 0.2 < float(run.stdout) <= bound
