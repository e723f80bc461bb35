"""Keypoint segments and logs are what docs/reference/index-format.md says, byte by byte."""

from pathlib import Path

import numpy as np
import pytest

from takeback.matching.keypoints.index import KeypointIndex, KeypointPolicy
from takeback.matching.keypoints.tables import Layouts, interleaved
from tests.matching.disk.test_format import read_log, read_manifest, read_segment
from tests.matching.keypoint_oracle import KEYPOINTS, SMALL, pictures

BANK = pictures(9, seed=91)
WIDE: Layouts = ((0, interleaved(9, flips=True)),)


def chunks_of(bits: bytes, chunks: int) -> list[tuple[int, int, int]]:
    """Deal a signal's first 128 bits as the page says: width, key and print in each chunk."""
    flags = [bits[i // 8] >> (7 - i % 8) & 1 for i in range(128)]
    parts = [flags[chunk::chunks] for chunk in range(chunks)]
    laid_out, found = [bit for part in parts for bit in part], []
    for number, part in enumerate(parts):
        first = sum(map(len, parts[:number]))
        turned = [laid_out[(first + i) % 128] for i in range(len(part) + 32)]
        value = sum(bit << place for place, bit in enumerate(turned))
        found.append((len(part), value % (1 << len(part)), value >> len(part)))
    return found


@pytest.mark.parametrize(
    ("layouts", "flips"), [(SMALL, False), (WIDE, True)], ids=["small", "wide"]
)
def test_a_segment_is_as_the_page_says(tmp_path: Path, layouts: Layouts, flips: bool) -> None:
    """Every keypoint stands under its key in every chunk, with its print and its number."""
    index = KeypointIndex.open(tmp_path, KeypointPolicy(tail_rows=KEYPOINTS, layouts=layouts))
    index.change([], range(1, 10), BANK, mark=4)
    index.close()
    (listed,) = read_manifest(tmp_path)["segments"]

    kind, attributes, arrays = read_segment(tmp_path / listed["segment"])

    assert (kind, attributes["rows"], attributes["flips"]) == ("keypoints", 9, flips)
    assert arrays["ids"].tolist() == list(range(1, 10))
    keypoints = [bits.tobytes() for picture in BANK for bits in picture.bits]
    assert [row.tobytes() for row in arrays["words"]] == keypoints
    assert (arrays["places"] == np.concatenate([picture.places for picture in BANK])).all()
    assert arrays["first"].tolist() == [KEYPOINTS * picture for picture in range(10)]
    assert arrays["blocks"].tolist() == [*(np.arange(0, 9 * KEYPOINTS, 64) // KEYPOINTS), 9]
    assert arrays["longest"].tolist() == [KEYPOINTS]
    for row, bits in enumerate(keypoints):
        slot = 0
        for chunk, (width, key, print_) in enumerate(chunks_of(bits, attributes["chunks"])):
            begin, end = arrays["starts"][slot + key : slot + key + 2].tolist()
            table = arrays["entries"][chunk * len(keypoints) : (chunk + 1) * len(keypoints)]
            assert print_ << 32 | row in table[begin:end].tolist()
            slot += (1 << width) + 2


def test_a_change_in_the_log_is_as_the_page_says(tmp_path: Path) -> None:
    """Sizes, sides, words and places of its entries, in their order."""
    index = KeypointIndex.open(tmp_path, KeypointPolicy(layouts=SMALL))
    index.change([], [7, 3], [BANK[0], BANK[1].first(5)], mark=11)
    index.close()
    (log,) = read_manifest(tmp_path)["logs"]

    ((seq, mark, gone, ids, payload),) = read_log(tmp_path / log)

    parts = [BANK[1].first(5), BANK[0]]
    assert (seq, mark, gone, ids) == (1, 11, [], [3, 7])
    assert payload == b"".join(
        [
            np.array([5, KEYPOINTS], "<u4").tobytes(),
            bytes(side for part in parts for side in (part.width, part.height)),
            b"".join(part.bits.tobytes() for part in parts),
            b"".join(part.places.tobytes() for part in parts),
        ]
    )
