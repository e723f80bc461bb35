"""Banks of many crops: real PDQ signals, none twice, of photographs turned eight ways."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from benchmarks.index.banks import clustered_bank, flipped, random_bits, realistic_bank
from benchmarks.index.crops import FRAMED_CROPS, PLAIN_CROPS, SAME, Style, crops_of, signal_of_crop
from benchmarks.index.health import own_bucket
from benchmarks.index.photographs import Photograph, Photographs, photographs
from benchmarks.index.screens import app_screens
from PIL import Image

from takeback.hashing import Signal, hash_picture

COFFEE = Photograph(Path(skimage.data.__file__).parent / "coffee.png", 0)


def test_a_fast_signal_lies_near_the_exact_one(tmp_path: Path) -> None:
    """Of the whole photograph and of a part; two box passes are replaced by an area mean."""
    sums = COFFEE.sums()
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    grey = np.diff(np.diff(sums, axis=0), axis=1).round().astype(np.uint8)
    for top, left, bottom, right in ((0, 0, height, width), (40, 60, 260, 400)):
        file = tmp_path / "part.png"
        Image.fromarray(grey[top:bottom, left:right]).save(file)

        fast = Signal(signal_of_crop(sums, (top, left, bottom, right)).tobytes())

        assert fast.distance(hash_picture(file.read_bytes()).whole) <= 24


@pytest.mark.parametrize("style", [PLAIN_CROPS, FRAMED_CROPS], ids=lambda style: style.name)
def test_crops_are_kept_once_and_drawn_alike_each_time(style: Style) -> None:
    """No two kept crops are within the threshold; those that were are remembered."""
    crops = crops_of(COFFEE.sums(), style, app_screens(), want=300, seed=1)

    apart = np.bitwise_count(crops.kept[:, None] ^ crops.kept[None]).sum(axis=2)
    near = np.bitwise_count(crops.near[:, None] ^ crops.kept[None]).sum(axis=2)
    again = crops_of(COFFEE.sums(), style, app_screens(), want=100, seed=1)
    assert apart[~np.eye(300, dtype=bool)].min() > SAME
    assert near.min(axis=1).max(initial=0) <= SAME
    assert (again.kept == crops.kept[:100]).all()


def test_a_turned_photograph_is_a_strangers(tmp_path: Path) -> None:
    """Crops of one photograph turned are as far apart as crops of different ones."""
    found = photographs(None)
    few = Photographs(found.banked[:32], found.strange[:8])

    bank = realistic_bank(PLAIN_CROPS, 1_000, 50, few, tmp_path)

    assert len(bank.signals) == 1_000
    assert bank.told["photographs"] == 32
    assert abs(bank.told["turned apart"] - 128) < 3
    assert abs(bank.told["turned apart"] - bank.told["strangers apart"]) < 3
    assert all(len(asked) for asked in bank.questions.values())


def test_a_clustered_bank_has_families() -> None:
    """A tenth of its entries lies near another."""
    bank = clustered_bank(5_000, 20)

    near = np.bitwise_count(bank.questions["family"][:, None] ^ bank.signals[None]).sum(axis=2)
    assert len(bank.signals) == 5_000
    assert (near.min(axis=1) <= 8).all()


def test_own_buckets_of_random_bits_are_as_large_as_chance_makes_them() -> None:
    """And larger where signals are copies."""
    bank = random_bits(20_000, seed=1)
    copies = flipped(np.repeat(bank[:200], 100, axis=0), 2, seed=2)

    assert own_bucket(bank) == pytest.approx(1.0, abs=0.02)
    assert own_bucket(copies) > 50
