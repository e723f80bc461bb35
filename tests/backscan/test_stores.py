"""A library that lies elsewhere: what it may name, and what becomes of a scan when it fails."""

import csv
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from takeback.backscan import plan as plans
from takeback.backscan import storage
from takeback.backscan.columns import Input
from takeback.backscan.listing import survey
from takeback.backscan.storage import Unreadable, read
from takeback.errors import PackageMissing, StoreUnreachable, UnreadableInput
from tests.backscan.library import Library, hits, rows
from tests.backscan.running import order, scan
from tests.backscan.shop import Shop, opened


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Shop]]:
    """A store that is empty and works; nobody waits before asking it again."""
    monkeypatch.setattr(storage, "PAUSE", 0.0)
    with opened() as store:
        yield store


def filled(shop: type[Shop], library: Library, count: int = 6) -> list[str]:
    """Put pictures into the store and return their addresses; the first is registered."""
    for number, path in enumerate(library.pictures[:count]):
        shop.objects[f"bucket/{number}.png"] = path.read_bytes()
    return [f"shop://bucket/{number}.png" for number in range(count)]


def listing(folder: Path, names: list[str]) -> Path:
    """Write a list of this machine's."""
    path = folder / "list.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["url"], *([name] for name in names)])
    return path


def found(out: Path) -> set[str]:
    """Return the names of the files with a hit."""
    return {path for path, _, _ in hits(out)}


def refused(out: Path) -> dict[str, str]:
    """Return why files were refused, by name."""
    assert {row["error"] for row in rows(out, "refused")} <= {"UnreadableFile"}
    return {row["path"]: row["why"] for row in rows(out, "refused")}


def test_a_bucket_is_listed_and_scanned(shop: type[Shop], library: Library, tmp_path: Path) -> None:
    """Keys may hold ``::``, and each is the file that is read, or refused."""
    filled(shop, library, 2)
    shop.objects["bucket/0.png?versionId=1"] = library.pictures[4].read_bytes()
    shop.objects["bucket/empty.png"] = b""
    shop.objects["bucket/sub/2.png::0.png"] = library.pictures[0].read_bytes()
    shop.objects["bucket/sub/2.png"] = b"no picture"
    shop.objects["bucket/a//b.png"] = library.pictures[0].read_bytes()

    scan(order("shop://bucket", library.bank, tmp_path / "out", views="plain"))

    assert "shop://bucket/sub/2.png::0.png" in found(tmp_path / "out")
    assert sorted((row["path"], row["error"]) for row in rows(tmp_path / "out", "refused")) == [
        ("shop://bucket/0.png?versionId=1", "UnreadableFile"),
        ("shop://bucket/a/", "UnreadableFile"),
        ("shop://bucket/empty.png", "NotAPicture"),
        ("shop://bucket/sub/2.png", "NotAPicture"),
    ]


def test_a_list_names_no_store_that_nobody_allowed(
    shop: type[Shop], library: Library, tmp_path: Path
) -> None:
    """Whoever fills a column of addresses would else choose what this machine asks."""
    own = filled(shop, library, 1)
    bad = ["http://169.254.169.254/meta", "simplecache::shop://bucket/0.png", "memory://a"]
    given = listing(tmp_path, [*own, *bad])

    scan(
        order(given, library.bank, tmp_path / "out", views="plain", protocols=("shop",)),
    )

    assert found(tmp_path / "out") == set(own)
    why = refused(tmp_path / "out")
    assert set(why) == set(bad)
    assert why[bad[0]] == why[bad[2]] == "the scan was not told to read such addresses"


def test_a_list_elsewhere_names_nothing_of_this_machine(
    shop: type[Shop], library: Library, tmp_path: Path
) -> None:
    """Unless that is allowed too."""
    mine = str(library.pictures[0])
    filled(shop, library, 1)
    shop.objects["bucket/list.csv"] = f"path\n0.png\n{mine}\nfile://{mine}\n".encode()

    for out, protocols in (("no", ()), ("yes", ("file",))):
        scan(
            order(
                "shop://bucket/list.csv",
                library.bank,
                tmp_path / out,
                views="plain",
                protocols=protocols,
            )
        )

    assert found(tmp_path / "no") == {"0.png"}
    assert set(refused(tmp_path / "no")) == {mine, f"file://{mine}"}
    assert found(tmp_path / "yes") == {"0.png", mine, f"file://{mine}"}


def test_a_list_that_needs_a_protocol_is_not_refused_row_by_row(
    shop: type[Shop], library: Library, tmp_path: Path
) -> None:
    """The scan does not begin, and the hint has the option."""
    given = listing(tmp_path, filled(shop, library))

    with pytest.raises(UnreadableInput, match="not told to read") as said:
        scan(order(given, library.bank, tmp_path / "out"))

    assert "--protocol shop" in said.value.hint
    assert not (tmp_path / "out" / plans.FILE).exists()


def test_a_package_that_is_missing_ends_the_scan(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not row by row: once it is installed, the same command scans them all."""
    given = listing(tmp_path, ["webhdfs9://a", str(library.pictures[0])])

    with pytest.raises(UnreadableInput, match="webhdfs9"):
        scan(order(given, library.bank, tmp_path / "out", protocols=("webhdfs9",)))
    monkeypatch.setattr(storage, "get_filesystem_class", absent)
    with pytest.raises(PackageMissing, match="dav://"):
        scan(order(given, library.bank, tmp_path / "out", protocols=("dav",)))

    assert not list((tmp_path / "out").glob("hits-*"))


def absent(protocol: str) -> object:
    """Behave as fsspec without a package."""
    if protocol != "file":
        raise ImportError("Install it")
    return fsspec.get_filesystem_class(protocol)


@pytest.mark.parametrize(
    "problem", [OSError("no network"), PermissionError("token expired"), ValueError("no secret")]
)
def test_an_outage_ends_the_scan_and_is_made_up_for(
    problem: Exception, shop: type[Shop], library: Library, tmp_path: Path
) -> None:
    """Nothing is written down as unreadable; once the store answers, the same command goes on."""
    given = listing(tmp_path, filled(shop, library))
    wanted = order(given, library.bank, tmp_path / "out", views="plain", protocols=("shop",))

    shop.broken[""] = problem
    with pytest.raises(StoreUnreachable) as said:
        scan(wanted)
    before = list((tmp_path / "out").glob("refused-*"))
    shop.broken.clear()
    scan(wanted)

    assert "0.png" not in str(said.value)
    assert before == []
    assert "shop://bucket/0.png" in found(tmp_path / "out")
    assert not refused(tmp_path / "out")


def test_a_long_outage_is_noticed_within_a_part(
    shop: type[Shop], library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part has up to a thousand files, and each is asked for three times."""
    monkeypatch.setattr("takeback.backscan.reach.SILENT", 3)
    given = listing(tmp_path, [*filled(shop, library, 2), *filled(shop, library, 2) * 6])
    shop.broken["bucket/1"] = shop.broken["bucket/0"] = OSError()
    shop.objects["bucket/last.png"] = b""
    with given.open("a") as file:
        file.write("shop://bucket/last.png\n")

    with pytest.raises(StoreUnreachable):
        scan(order(given, library.bank, tmp_path / "out", protocols=("shop",)))


def test_files_that_may_not_be_read_are_refused_while_others_may(
    shop: type[Shop], library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a whole part of them, as in an archive: a file that was read before still comes."""
    monkeypatch.setitem(plans.SMALL, "files", 2)
    given = listing(tmp_path, [*filled(shop, library, 4), "shop://bucket/gone.png"])
    shop.broken |= {"bucket/2": PermissionError(), "bucket/3": OSError()}

    scan(order(given, library.bank, tmp_path / "out", views="plain", protocols=("shop",)))

    assert set(refused(tmp_path / "out")) == {
        "shop://bucket/2.png",
        "shop://bucket/3.png",
        "shop://bucket/gone.png",
    }
    assert found(tmp_path / "out") == {"shop://bucket/0.png", "shop://bucket/1.png"}


def test_a_folder_that_a_store_does_not_list_stops_the_listing(
    shop: type[Shop], library: Library, tmp_path: Path
) -> None:
    """Left out, its files would never be looked at, and nobody would know."""
    filled(shop, library, 1)
    shop.objects["bucket/deep/er/1.png"] = library.pictures[0].read_bytes()
    shop.broken["bucket/deep/er"] = OSError("slow down")

    with pytest.raises(StoreUnreachable):
        survey(Input.of("shop://bucket"), tmp_path)
    shop.broken.clear()

    assert survey(Input.of("shop://bucket"), tmp_path).rows == 2


def test_a_file_that_is_too_large_is_not_read(
    shop: type[Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its beginning is; most pictures are no longer than that."""
    monkeypatch.setattr(storage, "PIECE", 10)
    shop.objects.update({"b/small": b"x" * 9, "b/fits": b"x" * 30, "b/large": b"x" * 1000})

    assert [len(read(f"shop://b/{name}", 30)) for name in ("small", "fits")] == [9, 30]
    shop.given.clear()
    with pytest.raises(Unreadable, match="more than 30 bytes"):
        read("shop://b/large", 30)

    assert shop.given == [10]


def test_a_server_that_sends_all_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may ignore that only a part was asked for, and go on for ever."""
    monkeypatch.setattr(storage, "PIECE", 10)
    with opened("https", Site):
        with pytest.raises(Unreadable, match="more than 30 bytes"):
            read("https://site.example/endless", 30)
        assert sum(Site.given) == 31
        assert read("https://site.example/short", 30) == b"short"


class Site(Shop):
    """A server without ranges, that says no sizes and gives a few bytes at a time."""

    protocol = ("http", "https")

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def split_path(self, path: str) -> tuple[str, str, str]:
        """Leave an address whole."""
        return "/".join(path.split("/")[:-1]), path.split("/")[-1], ""

    def info(self, path: str, **_: object) -> dict[str, object]:
        """Fail: fsspec says of a server that is away that it has no such file."""
        raise FileNotFoundError(path)

    def cat_file(self, path: str, *_: object, **__: object) -> bytes:
        """Fail: it would be held whole."""
        raise AssertionError(path)

    def _open(self, path: str, *_: object, **__: object) -> "Stream":  # type: ignore[override]
        return Stream(path.endswith("endless"))


class Stream:
    """What comes of a server."""

    def __init__(self, endless: bool) -> None:
        """Begin."""
        self._endless = endless
        self._said = False

    def __enter__(self) -> "Stream":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def read(self, size: int) -> bytes:
        """Return up to seven bytes."""
        content = b"endless"[:size] if self._endless else b"" if self._said else b"short"
        self._said = True
        Site.given.append(len(content))
        return content


def test_a_store_that_is_away_is_no_missing_input(shop: type[Shop], tmp_path: Path) -> None:
    """Told apart, so that nobody looks for a typing mistake."""
    shop.objects["bucket/list.csv"] = b"path\na\n"
    shop.broken["bucket"] = OSError()

    with pytest.raises(StoreUnreachable):
        survey(Input.of("shop://bucket/list.csv"), tmp_path)
    with pytest.raises(UnreadableInput, match="no such file or folder"):
        survey(Input.of("shop://other"), tmp_path)
