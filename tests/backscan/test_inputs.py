"""Whatever lists the library, the same files are scanned and the same hits found."""

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from takeback.backscan.listing import Input, survey
from takeback.errors import PackageMissing, UnreadableInput
from takeback.hashing import hash_picture
from tests.backscan.library import Library, expected, hits, listed, number_of, rows
from tests.backscan.running import order, scan


@pytest.fixture(scope="module")
def whole(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a scan of the whole folder."""
    out = tmp_path_factory.mktemp("whole") / "out"
    scan(order(library.folder, library.bank, out))
    return out


def test_a_folder_gives_the_hits_of_another_implementation_and_a_linear_scan(
    library: Library, whole: Path
) -> None:
    """Every picture below the folder, each hit once; here whole pictures only."""
    wanted = expected(library)

    assert len(wanted) > 10
    assert sorted(hits(whole)) == sorted(wanted)


def test_a_hit_says_why(library: Library, whole: Path) -> None:
    """The entry and the evidence, as a matcher answers."""
    [hit] = [row for row in rows(whole, "hits") if row["path"] == str(library.pictures[0])]

    assert hit["number"] == number_of(0)
    assert (hit["hub"], hit["bank"], hit["ask"]) == ("hub.example", "adult", "remove")
    assert (hit["ground"], hit["distance"], hit["more"]) == ("whole", 0, False)
    assert (hit["upload_view"], hit["registered_view"]) == ("whole", "whole")
    assert hit["place"] == [[0, 0], [1, 0], [1, 1], [0, 1]]


def test_bad_files_have_a_table_of_their_own(library: Library, whole: Path) -> None:
    """Each with the reason, and without stopping the others."""
    refused = {Path(str(row["path"])).name: row["error"] for row in rows(whole, "refused")}

    assert refused == {
        "letter.txt": "NotAPicture",
        "empty.png": "NotAPicture",
        "half.jpg": "PictureTruncated",
        "flat.png": "QualityTooLow",
        "pipe.jpg": "NotAPicture",
    }
    assert {library.folder / name for name in refused} == set(library.bad)


def as_csv(paths: list[str], folder: Path) -> Path:
    """Write a list as CSV."""
    path = folder / "list.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "path"), *enumerate(paths)])
    return path


def as_parquet(paths: list[str], folder: Path) -> Path:
    """Write a list as Parquet, in several row groups."""
    path = folder / "list.parquet"
    pq.write_table(pa.table({"path": paths, "id": range(len(paths))}), path, row_group_size=7)
    return path


def as_parts(paths: list[str], folder: Path) -> Path:
    """Write a list as a folder of Parquet files, as other programs leave them."""
    parts = folder / "parts"
    parts.mkdir()
    half = len(paths) // 2
    for name, some in (("a", paths[:half]), ("b", paths[half:])):
        pq.write_table(pa.table({"path": some}), parts / f"part-{name}.parquet")
    (parts / "_SUCCESS").touch()
    return parts


def urls(paths: list[str], folder: Path) -> Path:
    """Write a list of addresses that fsspec reads."""
    return as_csv([f"file://{path}" for path in paths], folder)


@pytest.mark.parametrize("listing", [as_csv, as_parquet, as_parts, urls])
def test_a_list_gives_the_same_hits(
    listing: Callable[[list[str], Path], Path], library: Library, tmp_path: Path
) -> None:
    """Rows are numbered as in the list, and named as there."""
    paths = [str(path) for path in library.pictures[:9]]
    given = listing(paths, tmp_path)

    scan(order(given, library.bank, tmp_path / "out", views="plain"))

    found = hits(tmp_path / "out")
    bare = [(path.removeprefix("file://"), number, bits) for path, number, bits in found]
    assert sorted(bare) == sorted(hit for hit in expected(library) if hit[0] in paths)
    numbers = {row["row"]: row["path"] for row in rows(tmp_path / "out", "hits")}
    assert all(paths[row].endswith(Path(str(path)).name) for row, path in numbers.items())


def test_a_relative_path_begins_where_the_list_lies(library: Library, tmp_path: Path) -> None:
    """Whatever the folder is in which the command is typed."""
    (tmp_path / "pictures").symlink_to(library.folder)
    given = as_csv(["pictures/0-0.png"], tmp_path)

    scan(order(given, library.bank, tmp_path / "out", views="plain"))

    assert hits(tmp_path / "out") == [("pictures/0-0.png", number_of(0), 0)]


def test_a_name_that_is_no_text_is_scanned_too(library: Library, tmp_path: Path) -> None:
    """Its odd bytes are escaped where the result is written."""
    folder = tmp_path / "odd"
    folder.mkdir()
    named = os.fsencode(folder) + b"/a\xe9.png"
    with open(named, "wb") as file:
        file.write(library.pictures[0].read_bytes())

    scan(order(folder, library.bank, tmp_path / "out", views="plain"))

    assert hits(tmp_path / "out") == [(f"{folder}/a\\xe9.png", number_of(0), 0)]


@pytest.mark.parametrize("binary", [False, True])
def test_ready_signals_are_only_compared(binary: bool, library: Library, tmp_path: Path) -> None:
    """Hexadecimal or 32 bytes each; what is no signal is refused and named."""
    signals = [hash_picture(path).whole for path in library.pictures[:6]]
    good = [signal.bits if binary else str(signal) for signal in signals]
    table = pa.table(
        {"id": ["a", "b", "c", "d", "e", "f", "g", "h"], "signal": [*good, good[0][:9], None]}
    )
    pq.write_table(table, tmp_path / "signals.parquet")
    bank = listed(tmp_path / "bank.parquet", [str(signals[0]), str(signals[3])])

    progress = scan(order(tmp_path / "signals.parquet", bank, tmp_path / "out"))

    wanted = {
        (name, number_of(entry), signal.distance(registered))
        for name, signal in zip("abcdef", signals, strict=True)
        for entry, registered in ((0, signals[0]), (1, signals[3]))
        if signal.distance(registered) <= 31
    }
    assert len(wanted) >= 4
    assert set(hits(tmp_path / "out")) == wanted
    refused = [(row["path"], row["error"]) for row in rows(tmp_path / "out", "refused")]
    assert refused == [("g", "MalformedSignal"), ("h", "MalformedSignal")]
    assert (progress.done, progress.refused, progress.hits) == (8, 2, len(wanted))


def test_a_column_of_another_name_is_chosen(library: Library, tmp_path: Path) -> None:
    """And may hold ready signals as text, if one says so."""
    signal = str(hash_picture(library.pictures[0]).whole)
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("mine", "value"), ("x", signal)])
    bank = listed(tmp_path / "bank.parquet", [signal])

    scan(order(tmp_path / "list.csv", bank, tmp_path / "out", column="value", signals=True))

    assert [row["row"] for row in rows(tmp_path / "out", "hits")] == [0]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"name": ["a"]}, "no column"),
        ({"path": ["a"], "signal": ["b"]}, "more than one column"),
    ],
)
def test_a_list_that_could_mean_several_things_is_asked_about(
    columns: dict[str, list[str]], said: str, tmp_path: Path
) -> None:
    """The hint names its columns."""
    pq.write_table(pa.table(columns), tmp_path / "list.parquet")

    with pytest.raises(UnreadableInput, match=said) as refused:
        survey(Input.of(str(tmp_path / "list.parquet")), tmp_path)

    assert ", ".join(columns) in refused.value.hint


@pytest.mark.parametrize("content", [None, b"no list"])
def test_what_is_no_input_is_refused(content: bytes | None, tmp_path: Path) -> None:
    """Nothing there, or nothing that can be read as a list."""
    path = tmp_path / "list.parquet"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UnreadableInput):
        survey(Input.of(str(path)), tmp_path)


def test_a_store_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Object stores need a package each, and only whoever has one installs it."""

    def absent(*_: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("takeback.backscan.storage.url_to_fs", absent)

    with pytest.raises(PackageMissing, match="s3://") as refused:
        survey(Input.of("s3://bucket/library"), tmp_path)

    assert "s3fs" in refused.value.hint


def test_an_unknown_protocol_is_refused(tmp_path: Path) -> None:
    """It is no package's."""
    with pytest.raises(UnreadableInput, match="gopher"):
        survey(Input.of("gopher://library"), tmp_path)
