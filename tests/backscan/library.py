"""A small library of ordinary pictures, a bank of some of them, and what a scan must find."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageOps

from takeback.hashing import MATCH_DISTANCE, Signal, hash_picture
from tests.hashing.photographs import IN_WHEEL

SIDE = 256
"""Longest side of a picture of the library; smaller than what decoding may scale down."""

LIVING = IN_WHEEL[:8]
"""Of what the library is made."""

REGISTERED = 5
"""How many of them the bank holds."""


@dataclass(frozen=True, slots=True)
class Library:
    """Where the pictures, the bad files and the bank lie."""

    folder: Path
    pictures: tuple[Path, ...]
    bad: tuple[Path, ...]
    bank: Path


def make(root: Path) -> Library:
    """Draw the library: each picture thrice, edited a little, in two folders; five bad files."""
    folder = root / "library"
    (folder / "sub").mkdir(parents=True)
    small = [reduced(path) for path in LIVING]
    pictures = [
        _saved(edited, folder / ("sub" if kind else ".") / f"{number}-{kind}.{ending}")
        for number, picture in enumerate(small)
        for kind, (edited, ending) in enumerate(
            (
                (picture, "png"),
                (ImageOps.autocontrast(picture, cutoff=2), "jpg"),
                (picture.resize((SIDE // 2, SIDE // 2)), "jpg"),
            )
        )
    ]
    return Library(folder, tuple(pictures), tuple(_bad(folder)), _bank(root, small))


def reduced(path: Path) -> Image.Image:
    """Return a photograph, small and in colour."""
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    return small


def _saved(picture: Image.Image, path: Path) -> Path:
    picture.save(path)
    return path.resolve()


def _bad(folder: Path) -> list[Path]:
    """Write files that no scan can compare, each for another reason."""
    whole = io.BytesIO()
    reduced(LIVING[0]).save(whole, "JPEG")
    contents = {
        "letter.txt": b"no picture",
        "empty.png": b"",
        "half.jpg": whole.getvalue()[:2000],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    Image.new("RGB", (64, 64), "grey").save(folder / "flat.png")
    os.mkfifo(folder / "pipe.jpg")
    return [folder / name for name in (*contents, "flat.png", "pipe.jpg")]


def _bank(root: Path, pictures: list[Image.Image]) -> Path:
    """List the whole-picture signals of some of them."""
    signals = []
    for picture in pictures[:REGISTERED]:
        file = io.BytesIO()
        picture.save(file, "PNG")
        signals.append(str(hash_picture(file.getvalue()).whole))
    return listed(root / "bank.parquet", signals)


def listed(path: Path, signals: list[str]) -> Path:
    """Write a bank that is a list."""
    numbers = [number_of(index) for index in range(len(signals))]
    pq.write_table(
        pa.table(
            {
                "number": numbers,
                "signal": signals,
                "hub": ["hub.example"] * len(signals),
                "bank": ["adult"] * len(signals),
                "ask": ["remove"] * len(signals),
            }
        ),
        path,
    )
    return path


def number_of(index: int) -> str:
    """Return the number of an entry."""
    return f"{index:032x}"


Hit = tuple[str, str, int]
"""A file, an entry's number, and the distance in bits."""


def expected(library: Library) -> set[Hit]:
    """Return the hits of ``pdqhash`` and a linear scan, over all eight turns of each picture."""
    table = pq.read_table(library.bank)
    bank = [
        (number, Signal.parse(signal))
        for number, signal in zip(
            table["number"].to_pylist(), table["signal"].to_pylist(), strict=True
        )
    ]
    hits = set()
    for path in library.pictures:
        turned = signals_of_peer(path)
        for number, registered in bank:
            distance = min(registered.distance(signal) for signal in turned)
            if distance <= MATCH_DISTANCE:
                hits.add((str(path), number, distance))
    return hits


def signals_of_peer(path: Path) -> list[Signal]:
    """Return the signals of a picture, turned and mirrored, by the other implementation."""
    with Image.open(path) as picture:
        bits, _ = pdqhash.compute_dihedral(np.asarray(picture.convert("RGB")))
    return [Signal(np.packbits(each).tobytes()) for each in bits]


def hits(out: Path) -> list[Hit]:
    """Return the hits of whole pictures that a scan wrote, in no order."""
    return [
        (row["path"], row["number"], row["distance"])
        for row in rows(out, "hits")
        if row["ground"] == "whole"
    ]


def rows(out: Path, kind: str) -> list[dict[str, Any]]:
    """Return every row that a scan wrote of a kind."""
    tables = [pq.read_table(path) for path in sorted(out.glob(f"{kind}-*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]
