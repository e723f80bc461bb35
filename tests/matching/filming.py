"""Videos that are only signals: scenes of three seconds that change a little all the time."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from takeback.hashing.video_signals import FrameView, VideoSignals

SCENE = 3.0
"""Seconds from one scene to the next."""

DRIFT = 12
"""Bits that change in a second of one scene."""

Moment = Callable[[float], NDArray[np.uint8]]
"""Gives the signal of a video at a time in seconds."""


def world(seed: int) -> Moment:
    """A video that goes on for ever."""

    def at(time: float) -> NDArray[np.uint8]:
        scene, within = divmod(time, SCENE)
        rng = np.random.default_rng((seed, int(scene)))
        bits = rng.integers(0, 2, 256, np.uint8)
        drifting = rng.permutation(256)[: round(DRIFT * within)]
        bits[drifting] ^= 1
        return np.packbits(bits)

    return at


def still(seed: int) -> Moment:
    """A picture that never changes."""
    bits = np.random.default_rng(seed).integers(0, 256, 32, np.uint8)
    return lambda _: bits


def joined(*parts: tuple[Moment, float, float]) -> Moment:
    """Parts of videos one after the other: each with where it begins and how long it is."""

    def at(time: float) -> NDArray[np.uint8]:
        for moment, begin, length in parts:
            if time < length:
                return moment(begin + time)
            time -= length
        moment, begin, length = parts[-1]
        return moment(begin + length)

    return at


def noisy(moment: Moment, flips: int, seed: int = 0) -> Moment:
    """The same, encoded again: some bits of every frame change."""

    def at(time: float) -> NDArray[np.uint8]:
        rng = np.random.default_rng((seed, round(time * 1000)))
        bits = np.unpackbits(moment(time))
        bits[rng.permutation(256)[:flips]] ^= 1
        return np.packbits(bits)

    return at


def filmed(moment: Moment, seconds: float, every: float = 1.0) -> VideoSignals:
    """What is left of a video once it is hashed, repeats left out."""
    times = np.arange(0, seconds, every)
    bits = np.stack([moment(time) for time in times])
    keep = [True, *(np.bitwise_count(bits[1:] ^ bits[:-1]).sum(axis=1) > 0)]
    return of((times * 1000).astype(np.uint32)[keep], {FrameView.WHOLE: bits[keep]}, seconds)


def uploaded(moment: Moment, seconds: float, view: FrameView = FrameView.WHOLE) -> VideoSignals:
    """An upload, seen as that view and, in every other one, as something else."""
    seen = filmed(moment, seconds, every=0.25)
    other = np.random.default_rng(5).integers(0, 256, (len(FrameView), len(seen), 32), np.uint8)
    views = {name: other[number] for number, name in enumerate(FrameView)}
    return of(seen.times, {**views, view: seen.bits}, seconds)


def of(
    times: NDArray[np.uint32], views: Mapping[FrameView, NDArray[np.uint8]], seconds: float
) -> VideoSignals:
    """A video of those frames."""
    return VideoSignals(
        duration=round(seconds * 1000),
        times=times,
        qualities=np.full(len(times), 90, np.uint8),
        views=views,
        md5=bytes(16),
        sha256=bytes(32),
    )
