"""The files are what docs/reference/index-format.md says: a reader written from it alone."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from numpy.typing import NDArray

from takeback.errors import IntegrityFailure
from takeback.matching.disk import files
from takeback.matching.disk.files import map_segment, verify, write_segment
from takeback.matching.disk.verified import Verified
from takeback.matching.exact.merge import Policy
from tests.matching.disk.story import SIGNALS, STATES, STORY, reopened, tell

BLOCK = 64 << 20


def read_segment(path: Path) -> tuple[str, dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a segment file by the page's words."""
    data = path.read_bytes()
    assert data[:8] == b"takeback"
    number, length, crc, zero = struct.unpack_from("<4I", data, 8)
    description = data[24 : 24 + length]
    assert (number, zero, zlib.crc32(description)) == (1, 0, crc)
    document = json.loads(description)
    arrays = {}
    for part in document["sections"]:
        size = int(np.prod(part["shape"])) * np.dtype(part["dtype"]).itemsize
        content = data[part["offset"] : part["offset"] + size]
        blocks = [content[begin : begin + BLOCK] for begin in range(0, size, BLOCK)]
        assert [zlib.crc32(block) for block in blocks] == part["crcs"]
        assert part["offset"] % 4096 == 0
        arrays[part["name"]] = np.frombuffer(content, part["dtype"]).reshape(part["shape"])
    return document["kind"], document["attributes"], arrays


def read_manifest(directory: Path) -> dict[str, Any]:
    """Read the manifest by the page's words."""
    *lines, crc, empty = (directory / "manifest").read_bytes().split(b"\n")
    text = b"\n".join(lines)
    assert (int(crc, 16), empty) == (zlib.crc32(text), b"")
    return dict(json.loads(text))


def read_log(path: Path) -> list[tuple[int, int, list[int], list[int], bytes]]:
    """Read a log by the page's words."""
    data = path.read_bytes()
    magic, _first, crc, zero = struct.unpack_from("<8sqII", data)
    assert (magic, crc, zero) == (b"tb-log-1", zlib.crc32(data[:16]), 0)
    records, at = [], 24
    while at < len(data):
        size, crc = struct.unpack_from("<2I", data, at)
        body = data[at + 8 : at + 8 + size]
        assert zlib.crc32(body) == crc
        seq, mark, _time, gone, ids = struct.unpack_from("<3q2I", body)
        numbers = struct.unpack_from(f"<{gone + ids}q", body, 32)
        payload = body[32 + 8 * (gone + ids) :]
        records.append((seq, mark, list(numbers[:gone]), list(numbers[gone:]), payload))
        at += 8 + size
    return records


def read_index(directory: Path) -> set[tuple[int, int]]:
    """Return which entries there are, by the page's words, from the lasting files alone."""
    manifest = read_manifest(directory)
    records = [r for name in manifest["logs"] for r in read_log(directory / name)]
    held: dict[int, bytes] = {}
    for part in manifest["segments"]:
        kind, attributes, arrays = read_segment(directory / part["segment"])
        assert (kind, attributes["rows"], attributes["chunks"]) == (
            "signals",
            len(arrays["ids"]),
            0,
        )
        ids = arrays["ids"].astype(np.int64) + attributes["first_id"]
        ended = np.zeros(len(ids), bool)
        if part["ended"]:
            marks = read_segment(directory / part["ended"])[2]["ended"]
            ended = np.unpackbits(marks.view(np.uint8), bitorder="little")[: len(ids)].astype(bool)
        later = [n for r in records if r[0] > part["upto"] for n in (*r[2], *r[3])]
        ended |= np.isin(ids, later)
        lasting = zip(ids[~ended].tolist(), arrays["rows"][~ended], strict=True)
        held |= {entry: row.tobytes() for entry, row in lasting}
    for seq, _, gone, ids, payload in records:
        if seq > manifest["flushed"]:
            held = {entry: signal for entry, signal in held.items() if entry not in gone}
            held |= {entry: payload[32 * at : 32 * at + 32] for at, entry in enumerate(ids)}
    numbers = {signal.tobytes(): number for number, signal in enumerate(SIGNALS)}
    return {(entry, numbers[signal]) for entry, signal in held.items()}


def test_a_reader_written_from_the_page_finds_what_the_index_finds(tmp_path: Path) -> None:
    """After each change; rows are as they were given where no layout dealt them."""
    with reopened(tmp_path, Policy(tail_rows=6, layouts=())) as index:
        for number in range(len(STORY)):
            tell(index, number)
            assert read_index(tmp_path) == STATES[number + 1]


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=4),
        stn.arrays(
            st.sampled_from([np.uint8, np.uint32, np.int64, np.uint64]),
            stn.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=40),
        ),
        max_size=5,
    )
)
def test_arrays_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, NDArray[Any]]
) -> None:
    """Of every type and shape, empty ones too; mapped read-only."""
    path = tmp_path_factory.mktemp("segment") / "segment-1"
    write_segment(path, "some", {"rows": 3}, arrays)

    file = map_segment(path)
    verify(path)

    assert (file.kind, file.attributes) == ("some", {"rows": 3})
    assert read_segment(path)[:2] == (file.kind, file.attributes)
    assert list(file.arrays) == list(arrays)
    for name, array in arrays.items():
        assert np.array_equal(file.arrays[name], array)
        assert file.arrays[name].dtype == array.dtype
        assert not file.arrays[name].flags.writeable


def test_a_file_of_many_blocks_has_a_checksum_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one that is damaged is found."""
    monkeypatch.setattr(files, "BLOCK", 1000)
    path = tmp_path / "segment-1"
    write_segment(path, "some", {}, {"rows": np.arange(1000)})
    verify(path)
    content = bytearray(path.read_bytes())
    content[-400] ^= 1
    path.write_bytes(content)

    with pytest.raises(IntegrityFailure, match="segment-1"):
        verify(path)


def test_a_format_of_the_future_is_refused(tmp_path: Path) -> None:
    """It may mean anything."""
    path = tmp_path / "segment-1"
    write_segment(path, "some", {}, {"rows": np.arange(10)})
    content = bytearray(path.read_bytes())
    content[8] = 2
    path.write_bytes(content)

    with pytest.raises(IntegrityFailure):
        map_segment(path)


def test_a_file_is_verified_once_as_long_as_nothing_touches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whichever process; once it was touched, or the machine started again, it is again."""
    looked_at: list[str] = []
    monkeypatch.setattr(
        "takeback.matching.disk.verified.verify", lambda path: looked_at.append(path.name)
    )
    for name in ("segment-1", "segment-2"):
        write_segment(tmp_path / name, "some", {}, {"rows": np.arange(10)})
    Verified(tmp_path).note(["segment-1"])

    Verified(tmp_path).verify(["segment-1", "segment-2"])
    Verified(tmp_path).verify(["segment-1", "segment-2"])
    assert looked_at == ["segment-2"]

    (tmp_path / "segment-1").touch()
    Verified(tmp_path).verify(["segment-1"])
    assert looked_at == ["segment-2", "segment-1"]

    monkeypatch.setattr("takeback.matching.disk.verified.boot_id", lambda: "another")
    Verified(tmp_path).verify(["segment-2"])
    assert looked_at == ["segment-2", "segment-1", "segment-2"]
