"""Whatever lists the library, the same files are scanned and the same hits found."""

import csv
import os
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from takeback.backscan import plan as plans
from takeback.backscan.columns import Input
from takeback.backscan.folders import below
from takeback.backscan.listing import survey
from takeback.backscan.storage import Unreadable, read
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
        "pipe.jpg": "UnreadableFile",
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


def test_a_double_colon_in_a_name_is_part_of_the_name(library: Library, tmp_path: Path) -> None:
    """It once had the file before it read instead, so that this one was never compared."""
    folder = tmp_path / "a::b"
    folder.mkdir()
    (folder / "ok.jpg").write_bytes(library.pictures[-1].read_bytes())
    named = folder / "ok.jpg::x.png"
    named.write_bytes(library.pictures[0].read_bytes())

    scan(order(folder, library.bank, tmp_path / "folder", views="plain"))
    scan(order(as_csv([str(named)], tmp_path), library.bank, tmp_path / "list", views="plain"))

    for out in ("folder", "list"):
        assert hits(tmp_path / out) == [(str(named), number_of(0), 0)]


def test_a_pipe_named_by_its_address_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe without a writer would hold the scan for ever."""
    os.mkfifo(tmp_path / "pipe.jpg")
    ended = []

    def ask() -> None:
        with pytest.raises(Unreadable, match="not a file"):
            read(f"file://{tmp_path / 'pipe.jpg'}", 100)
        ended.append(True)

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(5)

    assert ended


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    """Reading it first would take its size in memory."""
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, 1 << 32)
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match="more than 50000000 bytes"):
            read(str(path), 50_000_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_folder_that_cannot_be_listed_is_named(library: Library, tmp_path: Path) -> None:
    """What is in it was not looked at, and nobody would know; here its path is too long."""
    top = os.open(tmp_path, os.O_RDONLY)
    for _ in range(17):
        os.mkdir("d" * 250, dir_fd=top)
        below, top = top, os.open("d" * 250, os.O_RDONLY, dir_fd=top)
        os.close(below)
    os.close(top)
    (tmp_path / "good.png").write_bytes(library.pictures[0].read_bytes())

    scan(order(tmp_path, library.bank, tmp_path.with_name("out-of-it"), views="plain"))

    [refused] = rows(tmp_path.with_name("out-of-it"), "refused")
    assert refused["path"].endswith("d" * 250)
    assert refused["error"] == "UnreadableFile"
    assert len(hits(tmp_path.with_name("out-of-it"))) == 1


def test_a_listed_folder_says_that_its_files_were_left_out(tmp_path: Path) -> None:
    """Also if it can be opened by the time it is read."""
    with pytest.raises(Unreadable, match="a folder: what is in it was not scanned"):
        read(str(tmp_path), 100)


def test_folders_may_be_nested_deeply(tmp_path: Path) -> None:
    """Deeper than functions may call themselves."""
    folders = [f"{tmp_path}/top" + "/d" * depth for depth in range(1_100)]
    for folder in folders:
        os.mkdir(folder)
    deepest = Path(folders[-1], "a.png")
    deepest.touch()
    try:
        assert list(below(folders[0])) == [os.fsencode(deepest)]
    finally:
        deepest.unlink()
        for folder in reversed(folders):
            os.rmdir(folder)


def test_an_empty_folder_is_refused(library: Library, tmp_path: Path) -> None:
    """More likely a disk that is not mounted; a plan would remember it as empty."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(UnreadableInput, match="holds no file"):
        scan(order(tmp_path / "empty", library.bank, tmp_path / "out"))

    assert not (tmp_path / "out" / plans.FILE).exists()


def test_results_do_not_lie_in_the_folder_that_is_scanned(library: Library, tmp_path: Path) -> None:
    """They would be taken for files of the library."""
    with pytest.raises(UnreadableInput, match="the results would lie"):
        scan(order(tmp_path, library.bank, tmp_path / "deep" / "out"))


def test_what_was_refused_can_be_scanned_again(library: Library, tmp_path: Path) -> None:
    """Also relative paths, and names that are no text: the column has the file's own bytes."""
    odd = os.fsencode(tmp_path) + b"/a\xe9.png"
    given = tmp_path / "list.parquet"
    pq.write_table(pa.table({"path": [b"a\xe9.png", b"b.png", None]}), given)
    scan(order(given, library.bank, tmp_path / "out", views="plain"))
    missing = rows(tmp_path / "out", "refused")
    for name in (odd, os.fsencode(tmp_path / "b.png")):
        with open(name, "wb") as file:
            file.write(library.pictures[0].read_bytes())

    again = order(
        tmp_path / "out" / "refused-00000.parquet",
        library.bank,
        tmp_path / "again",
        views="plain",
        column="file",
    )
    scan(again)

    assert [row["error"] for row in missing] == ["UnreadableFile"] * 3
    assert [row["why"] for row in missing][2] == "the row names no file"
    assert [path for path, _, _ in hits(tmp_path / "again")] == [
        f"{tmp_path}/a\\xe9.png",
        f"{tmp_path}/b.png",
    ]


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


def test_a_row_is_not_shown_as_a_line_of_names(tmp_path: Path) -> None:
    """A CSV file without such a line begins with a path, which is nobody's to read in a log."""
    (tmp_path / "list.csv").write_text("/lib/anna smith.jpg,https://site.example/1\n")

    with pytest.raises(UnreadableInput) as refused:
        survey(Input.of(str(tmp_path / "list.csv")), tmp_path)

    assert "anna" not in str(refused.value) + refused.value.hint
    assert "site" not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize("name", ["path", "signal"])
@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.float64(), pa.binary(7)])
def test_a_column_of_another_type_is_refused_before_anything_is_scanned(
    kind: pa.DataType, name: str, tmp_path: Path
) -> None:
    """A worker would stumble over it in the middle of the scan; bytes are taken as they are."""
    pq.write_table(pa.table({name: pa.nulls(2, kind)}), tmp_path / "list.parquet")
    given = Input.of(str(tmp_path / "list.parquet"))

    if kind == pa.binary(7):
        assert survey(given, tmp_path).rows == 2
        return
    with pytest.raises(UnreadableInput, match="neither text nor bytes"):
        survey(given, tmp_path)


@pytest.mark.parametrize(
    "kind", [pa.large_binary(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_paths_may_be_of_any_type_of_text_or_bytes(
    kind: pa.DataType, library: Library, tmp_path: Path
) -> None:
    """Other programs write them so."""
    paths = pa.array([str(library.pictures[0])]).cast(kind)
    pq.write_table(pa.table({"path": paths}), tmp_path / "list.parquet")

    scan(order(tmp_path / "list.parquet", library.bank, tmp_path / "out", views="plain"))

    assert len(hits(tmp_path / "out")) == 1


def test_files_of_one_list_have_the_same_columns(library: Library, tmp_path: Path) -> None:
    """Else the scan would stop at the second file, after hours."""
    parts = as_parts([str(path) for path in library.pictures[:4]], tmp_path)
    pq.write_table(pa.table({"url": ["x"]}), parts / "part-c.parquet")

    with pytest.raises(UnreadableInput, match="different columns"):
        survey(Input.of(str(parts)), tmp_path)


def test_going_on_writes_the_list_of_a_csv_file_nowhere(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be larger than the folder for temporary files."""
    given = as_csv([str(path) for path in library.pictures[:3]], tmp_path)
    wanted = order(given, library.bank, tmp_path / "out", views="plain")
    first = scan(wanted)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    before = (tmp_path / "out" / "listing.parquet").stat().st_mtime_ns

    again = scan(wanted)

    assert (again.before, again.done) == (first.done, 0)
    assert (tmp_path / "out" / "listing.parquet").stat().st_mtime_ns == before


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

    monkeypatch.setattr("takeback.backscan.storage.get_filesystem_class", absent)

    with pytest.raises(PackageMissing, match="s3://") as refused:
        survey(Input.of("s3://bucket/library"), tmp_path)

    assert "s3fs" in refused.value.hint


def test_an_unknown_protocol_is_refused(tmp_path: Path) -> None:
    """It is no package's."""
    with pytest.raises(UnreadableInput, match="gopher"):
        survey(Input.of("gopher://library"), tmp_path)
