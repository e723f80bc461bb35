"""Keypoints of a million pictures: twenty thousand real crops, the rest drawn from their bits.

Unrelated keypoints are near each other far more often than random bits would be, because
some blobs, edges and corners look alike whatever they show; a bank of random bits would be
too easy. Most keypoints are near no stranger. So a drawn keypoint is a real one of some crop,
with its real place, in one of four forms that are as frequent (as it is, mirrored, inverted,
both), and changed so that copies of it do not share their keys: if it is near a keypoint of
another picture, every bit is that of one of the two, so that it stays among those that look alike;
if not, one bit in 32 is flipped. As changed keypoints are near to fewer strangers, those that look
alike are drawn more often: an upload then has about as many near keypoints in drawn pictures
as in real crops, which ``benchmarks/keypoints/index.py`` counts. A drawn picture mixes keypoints
of eighty crops, so that none is a copy of a real picture.

Describing the crops takes minutes; they are kept in a folder outside the repository and
finished ones are not made again.
"""

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.keypoints import MOST_REGISTERED, describe_pixels
from takeback.hashing.patches import INVERTED, MIRRORED
from takeback.matching.exact.kernels import compiled
from takeback.matching.keypoints.guide import upload_of
from takeback.matching.keypoints.kernels import HALF, LOWER
from takeback.matching.keypoints.rows import KeypointRows, joined, rows_of
from takeback.matching.keypoints.segment import segment_of
from takeback.matching.keypoints.tables import LAYOUTS

CROPS: Final = 20_000
CROPS_A_FILE: Final = 500
DECODED: Final = 1024
"""Longest side of a source; larger ones are shrunk, because they are decoded often."""

SHORTEST, LONGEST = 256, 768
"""Longest side of a crop."""

SMALLEST_SHARE: Final = 0.15
PICTURES_A_BATCH: Final = 20_000

ALIKE_SHARE: Final = 0.03
"""Share of drawn keypoints that are taken from those that look alike, beside their own share."""

SEED: Final = 24


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Real crops, from which others are drawn."""

    rows: KeypointRows
    origins: NDArray[np.int64]
    """Shape (crops,): the number of the picture that each was cut out of."""

    alike: NDArray[np.int64]
    """Shape (rows,): for each keypoint one of another picture that is near it, or -1."""


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
    real = real_crops(CROPS, cache, sources, processes=processes)
    own = real.rows.take(np.arange(min(pictures, CROPS)))
    if count < MOST_REGISTERED:
        own = rows_of([own.picture(number).first(count) for number in range(len(own))])
    yield own
    for begin in range(len(own), pictures, PICTURES_A_BATCH):
        yield drawn(real, min(PICTURES_A_BATCH, pictures - begin), count, seed=begin)


def real_crops(crops: int, cache: Path, sources: Sequence[Path], *, processes: int = 1) -> Crops:
    """Return the keypoints of random crops of *sources*, described now or before."""
    name = _name(sources)
    files = [cache / f"{name}-{part}.npz" for part in range(-(-crops // CROPS_A_FILE))]
    cache.mkdir(parents=True, exist_ok=True)
    missing = [(file, sources, part) for part, file in enumerate(files) if not file.exists()]
    _describe_all(missing, processes)
    loaded = [_loaded(file) for file in files]
    rows = joined(rows for rows, _ in loaded).take(np.arange(crops))
    origins = np.concatenate([origins for _, origins in loaded])[:crops]
    kept = cache / f"{name}-alike-{crops}.npy"
    if not kept.exists():
        _write(kept, lambda stream: np.save(stream, look_alikes(rows, origins)))
    return Crops(rows, origins, np.load(kept))


def look_alikes(rows: KeypointRows, origins: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find for each keypoint one of another picture that is near it, or -1."""
    segment = segment_of(np.arange(len(rows)), rows, LAYOUTS)
    picture = np.repeat(np.arange(len(rows)), np.diff(rows.first))
    alike = np.full(len(rows.words), -1, np.int64)
    for number in range(len(rows)):
        upload = upload_of([rows.picture(number)])
        near = segment.hits(upload)
        theirs = (near >> HALF).astype(np.int64)
        ours = rows.first[number] + (near & LOWER).astype(np.int64)
        strange = origins[picture[theirs]] != origins[number]
        alike[ours[strange]] = theirs[strange]
    return alike


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


def drawn(real: Crops, pictures: int, count: int, seed: int) -> KeypointRows:
    """Draw pictures of *count* keypoints each from the bits and places of real ones."""
    words = np.empty((pictures * count, 4), np.uint64)
    random = np.random.default_rng([SEED, seed])
    sides = real.rows.sides[random.integers(0, len(real.rows), pictures)]
    parents = random.integers(0, len(real.rows.words), len(words))
    known = np.flatnonzero(real.alike >= 0)
    if len(known):
        chosen = np.flatnonzero(random.random(len(words)) < ALIKE_SHARE)
        parents[chosen] = random.choice(known, len(chosen))
    draw(real.rows.words, real.alike, parents, np.uint64(random.integers(1 << 62)), words)
    places = real.rows.places[parents]
    places[:, :2] = np.minimum(places[:, :2], np.repeat(sides, count, axis=0) - 1)
    return KeypointRows(np.arange(pictures + 1) * count, sides, words, places)


@compiled
def draw(
    real: NDArray[np.uint64],
    alike: NDArray[np.int64],
    parents: NDArray[np.int64],
    seed: np.uint64,
    words: NDArray[np.uint64],
) -> None:
    """Fill *words* with keypoints that are nearly those of the *parents* among the real ones."""
    state = seed | np.uint64(1)
    for row in range(words.shape[0]):
        parent = parents[row]
        other = alike[parent]
        state = next_random(state)
        form = np.int64(state & np.uint64(3))
        for word in range(4):
            state = next_random(state)
            flips = state
            if other >= 0:
                flips &= real[parent, word] ^ real[other, word]
            else:
                for _ in range(4):
                    state = next_random(state)
                    flips &= state
            words[row, word] = real[parent, word] ^ FORMS[form, word] ^ flips


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
    names = "\n".join(("with origins", *(path.name for path in sources)))
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def _describe_all(missing: Sequence[tuple[Path, Sequence[Path], int]], processes: int) -> None:
    if processes == 1 or not missing:
        for task in missing:
            _describe(*task)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(_describe, *task) for task in missing]:
            done.result()


@lru_cache(maxsize=256)
def _decoded(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.draft("RGB", (DECODED, DECODED))
        rgb = picture.convert("RGB")
    rgb.thumbnail((DECODED, DECODED))
    return rgb


def _describe(file: Path, sources: Sequence[Path], part: int) -> None:
    """Describe the crops of one file and write it."""
    random = np.random.default_rng([SEED, part])
    crops: list[KeypointSignals] = []
    origins: list[int] = []
    while len(crops) < CROPS_A_FILE:
        origin = int(random.integers(len(sources)))
        crop = random_crop(_decoded(sources[origin]), random)
        found = describe_pixels(np.asarray(crop), most=MOST_REGISTERED)
        if len(found.keypoints):
            crops.append(found.registered(MOST_REGISTERED))
            origins.append(origin)
    rows = rows_of(crops)
    arrays = {name: getattr(rows, name) for name in ARRAYS}
    _write(file, lambda stream: np.savez(stream, origins=np.array(origins), **arrays))


ARRAYS: Final = ("first", "sides", "words", "places")


def _write(file: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file whole or not at all."""
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as stream:
        write(stream)
    unfinished.replace(file)


def _loaded(file: Path) -> tuple[KeypointRows, NDArray[np.int64]]:
    with np.load(file) as arrays:
        return KeypointRows(*(arrays[name] for name in ARRAYS)), arrays["origins"]
