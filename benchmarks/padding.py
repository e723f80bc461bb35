"""Keypoints of a million pictures: twenty thousand real crops, the rest drawn from their bits.

Unrelated keypoints are near each other far more often than random bits would be, because
blobs, edges and corners look alike; a bank of random bits would be too easy. So every drawn
keypoint is a real one of some crop, with its real place, in one of four forms that are as
frequent (as it is, mirrored, inverted, both) and with one bit in ``FLIPPED_ONE_IN`` flipped,
which keeps copies out of each other's buckets. A drawn picture mixes keypoints of eighty
crops, so that none is a copy of a real picture.

Describing the crops takes minutes; they are kept in a folder outside the repository and
finished ones are not made again.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.keypoints import MOST_REGISTERED, describe_pixels
from takeback.hashing.patches import INVERTED, MIRRORED
from takeback.matching.kernels import compiled
from takeback.matching.keypoint_rows import KeypointRows, joined, rows_of

CROPS: Final = 20_000
CROPS_A_FILE: Final = 500
DECODED: Final = 1024
"""Longest side of a source; larger ones are shrunk, because they are decoded often."""

SHORTEST, LONGEST = 256, 768
"""Longest side of a crop."""

SMALLEST_SHARE: Final = 0.15
PICTURES_A_BATCH: Final = 20_000

FLIPPED_ONE_IN: Final = 32
SEED: Final = 24


def padded_keypoints(
    pictures: int,
    cache: Path,
    sources: Sequence[Path],
    *,
    count: int = MOST_REGISTERED,
    processes: int = 1,
) -> Iterator[KeypointRows]:
    """Give the keypoints of *pictures* pictures in batches: real crops first, then drawn ones.

    Args:
        pictures: how many.
        cache: folder where described crops are kept; made if it is not there.
        sources: picture files to crop. What is later looked up must not be among them.
        count: keypoints of each drawn picture, and most of each real one.
        processes: how many describe crops, if there are none yet.
    """
    real = real_crops(min(pictures, CROPS), cache, sources, processes=processes)
    if count < MOST_REGISTERED:
        real = rows_of([real.picture(number).first(count) for number in range(len(real))])
    yield real
    for begin in range(len(real), pictures, PICTURES_A_BATCH):
        yield drawn(real, min(PICTURES_A_BATCH, pictures - begin), count, seed=begin)


def real_crops(
    crops: int, cache: Path, sources: Sequence[Path], *, processes: int = 1
) -> KeypointRows:
    """Return the keypoints of random crops of *sources*, described now or before."""
    files = [cache / f"{_name(sources)}-{part}.npz" for part in range(-(-crops // CROPS_A_FILE))]
    cache.mkdir(parents=True, exist_ok=True)
    missing = [part for part, file in enumerate(files) if not file.exists()]
    with ProcessPoolExecutor(processes) as pool:
        for _ in pool.map(_describe, *zip(*((files[p], sources, p) for p in missing), strict=True)):
            pass
    rows = joined(_loaded(file) for file in files)
    return rows.take(np.arange(crops))


def random_crop(picture: Image.Image, random: Generator) -> Image.Image:
    """Cut a random rectangle out of a picture, sometimes mirrored, of a random size."""
    shares = random.uniform(SMALLEST_SHARE, 1.0, 2)
    width, height = (
        max(64, int(side * share)) for side, share in zip(picture.size, shares, strict=True)
    )
    left = int(random.uniform(0, max(0, picture.width - width)))
    top = int(random.uniform(0, max(0, picture.height - height)))
    part = picture.crop((left, top, left + width, top + height))
    longest = int(random.integers(SHORTEST, LONGEST + 1))
    part.thumbnail((longest, longest))
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else part


def drawn(real: KeypointRows, pictures: int, count: int, seed: int) -> KeypointRows:
    """Draw pictures of *count* keypoints each from the bits and places of real ones."""
    words = np.empty((pictures * count, 4), np.uint64)
    places = np.empty((pictures * count, 4), np.uint8)
    random = np.random.default_rng([SEED, seed])
    sides = real.sides[random.integers(0, len(real), pictures)]
    limits = np.repeat(sides, count, axis=0)
    draw(real.words, real.places, FORMS, np.uint64(random.integers(1 << 62)), words, places)
    places[:, :2] = np.minimum(places[:, :2], limits - 1)
    return KeypointRows(np.arange(pictures + 1) * count, sides, words, places)


@compiled
def draw(  # noqa: PLR0913
    real_words: NDArray[np.uint64],
    real_places: NDArray[np.uint8],
    forms: NDArray[np.uint64],
    seed: np.uint64,
    words: NDArray[np.uint64],
    places: NDArray[np.uint8],
) -> None:
    """Fill *words* and *places* with keypoints that are nearly those of random real rows."""
    state = seed | np.uint64(1)
    for row in range(words.shape[0]):
        state = next_random(state)
        parent = np.int64((state >> np.uint64(16)) % np.uint64(real_words.shape[0]))
        form = np.int64(state & np.uint64(3))
        for word in range(4):
            flips = ~np.uint64(0)
            for _ in range(5):
                state = next_random(state)
                flips &= state
            words[row, word] = real_words[parent, word] ^ forms[form, word] ^ flips
        for column in range(4):
            places[row, column] = real_places[parent, column]


@compiled
def next_random(state: np.uint64) -> np.uint64:
    """Step Marsaglia's 64-bit xorshift."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    return state ^ (state << np.uint64(17))


def _forms() -> NDArray[np.uint64]:
    """Return which bits a keypoint's four forms flip, shape (4, 4)."""
    mirrored, inverted = MIRRORED.ravel() < 0, INVERTED.ravel() < 0
    forms = np.stack([mirrored & False, mirrored, inverted, mirrored ^ inverted])
    return np.packbits(forms, axis=1).view(np.uint64)


FORMS: Final = _forms()


def _name(sources: Sequence[Path]) -> str:
    """Name a set of pictures, so that crops of others are not taken for theirs."""
    names = "\n".join(path.name for path in sources)
    return hashlib.sha256(names.encode()).hexdigest()[:16]


@lru_cache(maxsize=256)
def _decoded(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.draft("RGB", (DECODED, DECODED))
        rgb = picture.convert("RGB")
    rgb.thumbnail((DECODED, DECODED))
    return rgb


def _describe(file: Path, sources: Sequence[Path], part: int) -> None:
    """Describe the crops of one file and write it, whole or not at all."""
    random = np.random.default_rng([SEED, part])
    crops: list[KeypointSignals] = []
    while len(crops) < CROPS_A_FILE:
        source = _decoded(sources[int(random.integers(len(sources)))])
        found = describe_pixels(np.asarray(random_crop(source, random)), most=MOST_REGISTERED)
        if len(found.keypoints):
            crops.append(found.registered(MOST_REGISTERED))
    rows = rows_of(crops)
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as stream:
        np.savez(stream, first=rows.first, sides=rows.sides, words=rows.words, places=rows.places)
    unfinished.replace(file)


def _loaded(file: Path) -> KeypointRows:
    with np.load(file) as arrays:
        return KeypointRows(arrays["first"], arrays["sides"], arrays["words"], arrays["places"])
