"""The plan: which shards there are, and what may go on by it."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.backscan import plan as plans
from takeback.backscan import results
from takeback.backscan.plan import Kind, ListFile, cut
from takeback.errors import Conflict, IntegrityFailure, OtherScan
from tests.backscan.library import Library, hits, listed
from tests.backscan.running import order, scan


@given(
    st.lists(st.integers(0, 300_000_000), max_size=4),
    st.sampled_from(["files", "signals"]),
)
def test_every_row_is_in_one_shard(sizes: list[int], kind: Kind) -> None:
    """In order, without a gap, over all files; never so many shards that none can list them."""
    shards = cut([ListFile(str(size), size) for size in sizes], kind)

    assert len(shards) <= plans.MOST_SHARDS + len(sizes)
    assert [shard.number for shard in shards] == list(range(len(shards)))
    for index, size in enumerate(sizes):
        own = [shard for shard in shards if shard.file == index]
        ends = [shard.first + shard.rows for shard in own]
        assert [shard.first for shard in own] == [0, *ends][: len(own)]
        assert ends[-1:] == ([size] if size else [])
    assert [shard.before for shard in shards] == _running([shard.rows for shard in shards])


def _running(rows: list[int]) -> list[int]:
    sums = [0]
    for count in rows:
        sums.append(sums[-1] + count)
    return sums[:-1]


@pytest.fixture
def done(library: Library, tmp_path: Path) -> tuple[Path, Path]:
    """A list and the folder of its finished scan."""
    given = tmp_path / "list.parquet"
    pq.write_table(pa.table({"path": [str(library.pictures[0])], "other": ["x"]}), given)
    scan(order(given, library.bank, tmp_path / "out", views="plain"))
    return given, tmp_path / "out"


def test_another_input_bank_or_option_is_refused(
    done: tuple[Path, Path], library: Library, tmp_path: Path
) -> None:
    """Its results would be mixed with those that are there; the message says what differs."""
    given, out = done
    other_bank = tmp_path / "other.parquet"
    pq.write_table(pq.read_table(library.bank).slice(1), other_bank)
    wanted = {
        "input": order(library.folder, library.bank, out, views="plain"),
        "column": order(given, library.bank, out, views="plain", column="other"),
        "bank": order(given, other_bank, out, views="plain"),
        "choice of options": order(given, library.bank, out, views="all"),
    }

    for what, each in wanted.items():
        with pytest.raises(OtherScan, match=f"another {what}"):
            scan(each)


def test_an_index_is_never_taken_for_another_list_s(
    done: tuple[Path, Path], library: Library, tmp_path: Path
) -> None:
    """Whoever deletes the plan and scans again with a longer list finds what was added."""
    given, _ = done
    signals = pq.read_table(library.bank)["signal"].to_pylist()
    bank, out = tmp_path / "bank.parquet", tmp_path / "again"
    listed(bank, signals[1:])
    scan(order(given, bank, out, views="plain"))
    before = hits(out)

    for name in (plans.FILE, "hits-00000.parquet", "refused-00000.parquet"):
        (out / name).unlink()
    listed(bank, signals)
    scan(order(given, bank, out, views="plain"))

    assert (len(before), len(hits(out))) == (0, 1)


def test_a_list_that_changed_is_refused(done: tuple[Path, Path], library: Library) -> None:
    """Its rows are not those of the results any more."""
    given, out = done
    pq.write_table(pa.table({"path": [str(library.pictures[1])], "other": ["x"]}), given)

    with pytest.raises(OtherScan, match="content of the input"):
        scan(order(given, library.bank, out, views="plain"))


def test_a_damaged_plan_or_result_is_never_taken_for_one(
    done: tuple[Path, Path], library: Library
) -> None:
    """A person is told which file; nothing is done again silently."""
    given, out = done
    wanted = order(given, library.bank, out, views="plain")
    results.hits_file(out, 0).write_bytes(b"PAR1")
    with pytest.raises(IntegrityFailure, match="shard 0") as damaged:
        scan(wanted)
    (out / plans.FILE).write_bytes(b"{}")
    with pytest.raises(IntegrityFailure, match="plan"):
        scan(wanted)

    assert "hits-00000.parquet" in damaged.value.hint


def test_two_scans_never_share_a_folder(done: tuple[Path, Path], library: Library) -> None:
    """The second is told, and changes nothing."""
    given, out = done

    with results.held(out), pytest.raises(Conflict, match="another scan is at work"):
        scan(order(given, library.bank, out, views="plain"))


def test_the_plan_can_be_read_by_anybody(done: tuple[Path, Path], library: Library) -> None:
    """It is JSON: input with its digest, bank, options, and every shard by its number."""
    given, out = done

    plan = msgspec.json.decode((out / plans.FILE).read_bytes())

    assert plan["input"] == str(given)
    assert plan["bank"]["path"] == str(library.bank)
    assert plan["choices"] == {
        "limit": 100,
        "views": "plain",
        "videos": True,
        "keep": False,
        "protocols": [],
    }
    assert plan["shards"] == [[0, 0, 0, 1, 0]]
    assert len(plan["listing"]["digest"]) == 64


def test_results_are_their_users_alone(done: tuple[Path, Path]) -> None:
    """They say which files show what somebody registered."""
    _, out = done

    modes = {path.name: path.stat().st_mode & 0o077 for path in (out, *out.glob("*.*"))}

    assert set(modes.values()) == {0}, modes
