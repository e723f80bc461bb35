"""The expectations that every implementation, in whatever language, is held to."""

import json
from pathlib import Path

import pytest

from takeback.errors import MalformedSignal
from takeback.hashing import Signal, hash_picture
from tests.hashing.drawn import DRAWINGS, VECTORS, Drawing, draw, hash_pixels
from tests.hashing.oracle import oracle_signals
from tests.hashing.photographs import published

EXPECTED = json.loads(VECTORS.read_text(encoding="utf-8"))
PUBLISHED_TOLERANCE = 16
"""Bits by which published signals differ: made at 512 pixels, by five implementations."""


@pytest.mark.parametrize("drawing", DRAWINGS, ids=str)
def test_drawn_pictures_have_the_expected_signals(drawing: Drawing) -> None:
    """Bit for bit: the same code gives the same signals on every machine."""
    expected = EXPECTED["drawings"][DRAWINGS.index(drawing)]
    pixels = draw(drawing)

    dihedral, quality = hash_pixels(pixels)

    assert (drawing.seed, int(pixels.sum())) == (expected["seed"], expected["sum_of_pixels"])
    assert [str(signal) for signal in dihedral] == expected["dihedral"]
    assert quality == expected["quality"]


@pytest.mark.parametrize("drawing", DRAWINGS, ids=str)
def test_expected_signals_are_those_of_the_oracle(drawing: Drawing) -> None:
    """The file was not made from our own mistakes."""
    expected = EXPECTED["drawings"][DRAWINGS.index(drawing)]

    theirs, quality = oracle_signals(draw(drawing))

    ours = [Signal.parse(text) for text in expected["dihedral"]]
    away = [a.distance(b) for a, b in zip(ours, theirs, strict=True)]
    assert max(away) <= EXPECTED["tolerance_bits"]
    assert expected["quality"] == quality


@pytest.mark.parametrize("text", EXPECTED["signals"]["malformed"])
def test_malformed_signals_are_refused(text: str) -> None:
    """Whatever one implementation refuses, all refuse."""
    with pytest.raises(MalformedSignal):
        Signal.parse(text)


def test_distances_are_as_expected() -> None:
    """Distances in the file are between the valid signals, by their place."""
    valid = [Signal.parse(text) for text in EXPECTED["signals"]["valid"]]

    for a, b, distance in EXPECTED["signals"]["distances"]:
        assert valid[a].distance(valid[b]) == distance


def test_every_drawing_has_an_expectation_and_no_other() -> None:
    """A picture added to one list alone would be held to nothing."""
    assert [entry["seed"] for entry in EXPECTED["drawings"]] == [d.seed for d in DRAWINGS]


def test_published_signals_are_within_reach() -> None:
    """Where published signals lie beside the repository, ours are near enough to match."""
    away = {
        (picture.name, signal): hash_picture(picture).whole.distance(Signal.parse(signal))
        for picture, signal, quality in published()
    }

    assert all(distance <= PUBLISHED_TOLERANCE for distance in away.values()), away


def test_the_formula_is_written_down() -> None:
    """Someone with another language must be able to draw the pictures without our code."""
    text = (VECTORS.parent / "README.md").read_text(encoding="utf-8")

    for number in ("374761393", "668265263", "2246822519", "1274126177"):
        assert number in text


def test_the_repository_holds_values_only() -> None:
    """No picture of anybody's lies in vectors/."""
    assert {path.suffix for path in Path(VECTORS.parent).iterdir()} <= {".json", ".md"}
