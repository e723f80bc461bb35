"""A library's own signals, kept, and what is registered later looked for in them."""

import itertools
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.backscan import cursors
from takeback.backscan import since as looking
from takeback.backscan.bank import BankKind
from takeback.backscan.library import FILE, Library, finish, keeper, read
from takeback.backscan.listed import LISTED
from takeback.backscan.outcome import Outcome, Seconds
from takeback.backscan.results import held
from takeback.backscan.scan import Keep, run
from takeback.backscan.since import Searched, search
from takeback.backscan.tables import HITS, KEPT, REFUSED, packed
from takeback.cli.backscan.banks import MATCHER
from takeback.errors import Conflict, IntegrityFailure, MalformedCursor, OtherScan, UnreadableInput
from takeback.hashing import Signal
from takeback.matcher.options import MatcherOptions
from takeback.matcher.statereader import StateReader
from tests.backscan import library as made
from tests.backscan.running import inline, order, takeback
from tests.cli.conftest import caller
from tests.docs.test_tutorial import commands
from tests.matcher.conftest import hub, key_file, options
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running

__all__ = ["hub", "key_file", "options"]  # fixtures

PLAN = "digest of a plan"

Signals = NDArray[np.uint8]


def kept(
    signals: Signals, first_row: int = 0, turns: int = 1, times: Sequence[int] | None = None
) -> pa.Table:
    """Return a table as a scan keeps it: *turns* signals a file, or the frames of one video."""
    at = range(len(signals))
    rows = [first_row if times else first_row + n // turns for n in at]
    return pa.table(
        {
            "row": rows,
            "path": [f"{row}.jpg" for row in rows],
            "view": ["whole"] * len(rows),
            "turn": [0 if times else n % turns for n in at],
            "milliseconds": list(times) if times else [None] * len(rows),
            "signal": [signal.tobytes() for signal in signals],
        },
        schema=KEPT,
    )


def outcome(number: int, table: pa.Table) -> Outcome:
    """Return a shard's outcome that keeps a table."""
    return Outcome(
        number=number,
        rows=len(table),
        hits=packed(HITS.empty_table()),
        refused=packed(REFUSED.empty_table()),
        kept=packed(table),
        seconds=Seconds(),
    )


def keep_all(folder: Path, tables: Sequence[pa.Table], mark: int = 0) -> int:
    """Keep the tables as shards, to the end."""
    keep = keeper(folder, PLAN)
    for number, table in enumerate(tables):
        keep(outcome(number, table))
    return finish(folder, PLAN, len(tables), mark)


def look(
    tmp_path: Path, registered: Signals, since: int | None = 0
) -> tuple[Searched, list[made.Hit]]:
    """Search the library in ``tmp_path / "kept"`` for the signals of a list."""
    bank = made.listed(tmp_path / "bank.parquet", [one.tobytes().hex() for one in registered])
    found = search(tmp_path / "kept", since, bank, LISTED, tmp_path / "out")
    return found, made.hits(tmp_path / "out")


def distances(some: Signals, others: Signals) -> NDArray[np.int64]:
    """Count the differing bits of each pair."""
    counted: NDArray[np.int64]
    counted = np.bitwise_count(some[:, None] ^ others[None]).sum(axis=2, dtype=np.int64)
    return counted


def random_signals(rng: np.random.Generator, count: int) -> Signals:
    """Draw signals; two of them are never near."""
    return rng.integers(0, 256, (count, 32), np.uint8)


def changed(rng: np.random.Generator, signal: Signals, bits: int) -> Signals:
    """Return a signal with some bits turned over."""
    mask = np.zeros(256, np.uint8)
    mask[rng.choice(256, bits, replace=False)] = 1
    return signal ^ np.packbits(mask)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 40), max_size=4))
def test_hits_are_those_of_a_linear_scan(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int]
) -> None:
    """However the library is cut into shards, empty ones too; nearest turn of each file."""
    tmp_path = tmp_path_factory.mktemp("since")
    rng = np.random.default_rng(seed)
    files, turns = 40, 8
    own = random_signals(rng, files * turns)
    picked = rng.choice(len(own), 12, replace=False)
    near = [changed(rng, own[at], int(rng.integers(20, 40))) for at in picked]
    registered = np.concatenate([near, random_signals(rng, 5)])
    edges = [0, *sorted(cuts), files]
    tables = [
        kept(own[begin * turns : end * turns], begin, turns)
        for begin, end in itertools.pairwise(edges)
    ]

    keep_all(tmp_path / "kept", tables)
    found, hits = look(tmp_path, registered)

    nearest = distances(registered, own).reshape(len(registered), files, turns).min(axis=2)
    expected = {
        (f"{row}.jpg", made.number_of(entry), int(nearest[entry, row]))
        for entry, row in np.argwhere(nearest <= 31).tolist()
    }
    assert sorted(hits) == sorted(expected)
    assert (found.entries, found.signals, found.hits) == (17, len(own), len(expected))


def test_only_what_came_after_the_cursor_is_looked_for(tmp_path: Path) -> None:
    """And the next cursor finds nothing twice."""
    own = random_signals(np.random.default_rng(1), 30)
    keep_all(tmp_path / "kept", [kept(own)])

    first, hits = look(tmp_path, own[:20], since=15)
    second, all_hits = look(tmp_path, own[:25], since=first.next)
    third, _ = look(tmp_path, own[:25], since=second.next)

    assert (first.since, first.next, first.entries) == (15, 20, 5)
    assert {number for _, number, _ in hits} == {made.number_of(n) for n in range(15, 20)}
    assert (second.entries, third.entries) == (5, 0)
    assert len(all_hits) == 10
    assert pq.read_table(str(first.results)).schema.equals(HITS)
    assert Path(str(first.results)).stat().st_mode & 0o077 == 0


def test_every_copy_is_a_hit(tmp_path: Path) -> None:
    """However many there are, and nobody else's are fewer for that."""
    rng = np.random.default_rng(13)
    one, other = random_signals(rng, 2)
    keep_all(tmp_path / "kept", [kept(np.concatenate([[one] * 1_500, [other] * 2]))])

    found, hits = look(tmp_path, np.stack([other, one]))

    assert found.hits == len(set(hits)) == 1_502
    assert not any(row["more"] for row in made.rows(tmp_path / "out", "hits"))


def test_libraries_may_share_a_folder_for_results(tmp_path: Path) -> None:
    """Each goes on where it ended; none writes over another's."""
    own = random_signals(np.random.default_rng(14), 4)
    keep_all(tmp_path / "kept", [kept(own)], mark=1)
    keep = keeper(tmp_path / "second", "another plan")
    keep(outcome(0, kept(own, first_row=10)))
    finish(tmp_path / "second", "another plan", 1, mark=2)
    _, hits = look(tmp_path, own, since=1)

    bank = tmp_path / "bank.parquet"
    second, first = (
        search(tmp_path / name, None, bank, LISTED, tmp_path / "out") for name in ("second", "kept")
    )

    assert (second.since, first.since) == (2, 4)
    assert (len(hits), len(made.hits(tmp_path / "out"))) == (3, 5)


def test_results_may_be_deleted_once_acted_on(tmp_path: Path) -> None:
    """The next search goes on all the same, and leaves no file where it finds nothing."""
    own = random_signals(np.random.default_rng(15), 3)
    keep_all(tmp_path / "kept", [kept(own)])
    first, _ = look(tmp_path, own[:2], None)
    Path(str(first.results)).unlink()

    second, nothing = look(tmp_path, own[:2], None)
    third, hits = look(tmp_path, own, None)

    assert (second.since, second.entries, second.results, nothing) == (2, 0, None, [])
    assert (third.since, len(hits)) == (2, 1)


def of_instance(instance: str) -> BankKind:
    """Return how a list is read as if it were the bank of a matcher of its own."""
    facts = LISTED.facts
    return replace(
        LISTED, facts=lambda path: msgspec.structs.replace(facts(path), instance=instance)
    )


def test_a_bank_that_was_made_anew_is_not_searched_from_the_old_cursor(tmp_path: Path) -> None:
    """Its entries are numbered from the beginning again: those below the cursor would be missed."""
    own = random_signals(np.random.default_rng(16), 4)
    keep_all(tmp_path / "kept", [kept(own)])
    bank = made.listed(tmp_path / "bank.parquet", [one.tobytes().hex() for one in own])
    asked = partial(search, tmp_path / "kept", bank=bank, out=tmp_path / "out")
    old, new = of_instance("old"), of_instance("new")

    with pytest.raises(OtherScan):
        asked(since=None, bank_kind=old)  # the scan's own mark is of a list
    first = asked(since=0, bank_kind=old)
    with pytest.raises(OtherScan) as refused:
        asked(since=None, bank_kind=new)
    anew = asked(since=0, bank_kind=new)
    after = asked(since=None, bank_kind=new)

    assert "--since 0" in refused.value.hint
    assert (first.hits, anew.hits, after.since) == (4, 4, 4)
    assert first.results != anew.results


def test_one_entry_that_is_near_everything_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest are written and say that there are more; the others' hits are all there."""
    monkeypatch.setattr(looking, "MOST", 200)
    monkeypatch.setattr(looking, "PIECE", 150)
    rng = np.random.default_rng(17)
    flat, *others = random_signals(rng, 5)
    near = [changed(rng, flat, 3) for _ in range(250)]
    keep_all(
        tmp_path / "kept", [kept(np.stack([*near, *[flat] * 50])), kept(np.stack(others), 300)]
    )

    found, hits = look(tmp_path, np.stack([flat, *others]))

    of_flat = [distance for _, number, distance in hits if number == made.number_of(0)]
    assert (sorted(of_flat), found.hits) == ([0] * 50 + [3] * 150, 204)
    assert {row["number"] for row in made.rows(tmp_path / "out", "hits") if row["more"]} == {
        made.number_of(0)
    }
    assert pq.ParquetFile(found.results).num_row_groups == 2


def test_two_searches_never_share_a_folder(tmp_path: Path) -> None:
    """Cron may start the next before one has ended; it is told, and changes nothing."""
    own = random_signals(np.random.default_rng(18), 2)
    keep_all(tmp_path / "kept", [kept(own)])

    with held(tmp_path / "out"), pytest.raises(Conflict, match="another scan is at work"):
        look(tmp_path, own)

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["scan.lock"]


def test_a_search_that_was_killed_is_made_again_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hits have their name before the cursor goes on, so none is missed."""
    own = random_signals(np.random.default_rng(19), 3)
    keep_all(tmp_path / "kept", [kept(own)])

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(cursors, "write", die)
        with pytest.raises(Killed):
            look(tmp_path, own, None)
    found, hits = look(tmp_path, own, None)

    assert (found.since, found.hits, len(hits)) == (0, 3, 3)


def test_a_damaged_cursor_is_never_taken_for_none(tmp_path: Path) -> None:
    """Which would look from the scan on and find everything twice."""
    own = random_signals(np.random.default_rng(20), 2)
    keep_all(tmp_path / "kept", [kept(own)])
    look(tmp_path, own, None)
    [file] = (tmp_path / "out").glob("cursor-*.json")
    file.write_bytes(b"{}")

    with pytest.raises(IntegrityFailure) as damaged:
        look(tmp_path, own, None)

    assert file.name in damaged.value.hint
    assert look(tmp_path, own, 1)[0].next == 2


def test_frames_of_a_video_are_one_hit_with_its_seconds(tmp_path: Path) -> None:
    """As in a matcher: each frame tried is one more chance, so the score is lower."""
    rng = np.random.default_rng(2)
    frames = random_signals(rng, 100)
    frames[40:43] = frames[40]
    video = kept(frames, first_row=7, times=range(0, 100_000, 1_000))
    keep_all(tmp_path / "kept", [kept(random_signals(rng, 7)), video])

    look(tmp_path, frames[40:41])

    [hit] = made.rows(tmp_path / "out", "hits")
    assert (hit["path"], hit["row"], hit["distance"]) == ("7.jpg", 7, 0)
    assert hit["seconds"] == [40.0, 42.0]
    assert hit["score"] == pytest.approx(6.7 + 0.146 * 31 - 2)


def test_a_turned_copy_says_where_its_corners_are(tmp_path: Path) -> None:
    """The upper left corner of what was registered is the lower left one of the copy."""
    own = random_signals(np.random.default_rng(3), 8)
    keep_all(tmp_path / "kept", [kept(own, turns=8)])

    look(tmp_path, own[3:4])

    [hit] = made.rows(tmp_path / "out", "hits")
    assert hit["place"] == [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]


def test_a_shard_that_is_kept_twice_is_there_once(tmp_path: Path) -> None:
    """After a kill it comes again, under the same number."""
    own = random_signals(np.random.default_rng(4), 10)
    keep = keeper(tmp_path / "kept", PLAN)
    keep(outcome(0, kept(own[:6])))
    keep(outcome(0, kept(own[:5])))
    keep(outcome(1, kept(own[5:], first_row=5)))

    signals = finish(tmp_path / "kept", PLAN, 2, mark=0)

    assert signals == 10
    assert len(look(tmp_path, own)[1]) == 10


def test_a_library_that_is_not_whole_is_not_searched(tmp_path: Path) -> None:
    """Neither before its end, nor once more of it is kept again."""
    own = random_signals(np.random.default_rng(5), 4)
    folder = tmp_path / "kept"
    keep = keeper(folder, PLAN)
    keep(outcome(0, kept(own)))

    with pytest.raises(UnreadableInput, match="not scanned yet"):
        finish(folder, PLAN, 2, mark=0)
    with pytest.raises(UnreadableInput, match="no whole library"):
        look(tmp_path, own)
    finish(folder, PLAN, 1, mark=3)
    assert (read(folder).mark, finish(folder, PLAN, 1, mark=9)) == (3, 4)
    assert read(folder).mark == 3
    keep(outcome(0, kept(own)))
    with pytest.raises(UnreadableInput):
        look(tmp_path, own)


def test_an_index_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    """Killed before ``library.json`` was there, whatever the index held by then."""
    rng = np.random.default_rng(11)
    own = random_signals(rng, 20)
    folder = tmp_path / "kept"
    keep_all(folder, [kept(random_signals(rng, 30))])
    keep = keeper(folder, PLAN)
    keep(outcome(0, kept(own)))
    for path in sorted((folder / "signals").iterdir())[:2]:
        path.write_bytes(b"half")

    finish(folder, PLAN, 1, mark=0)

    assert len(look(tmp_path, own)[1]) == 20


def test_a_folder_keeps_one_scan(tmp_path: Path) -> None:
    """Another plan's signals are refused before anything is written."""
    keep_all(tmp_path / "kept", [kept(random_signals(np.random.default_rng(6), 3))])

    with pytest.raises(OtherScan):
        keeper(tmp_path / "kept", "another plan")
    with pytest.raises(OtherScan):
        finish(tmp_path / "kept", "another plan", 1, mark=0)
    with pytest.raises(OtherScan):
        finish(tmp_path / "nothing", PLAN, 1, mark=0)


@pytest.mark.parametrize("since", [-1, 4])
def test_a_cursor_of_another_bank_is_refused(tmp_path: Path, since: int) -> None:
    """Rather than answered with nothing."""
    own = random_signals(np.random.default_rng(7), 3)
    keep_all(tmp_path / "kept", [kept(own)])

    with pytest.raises(MalformedCursor):
        look(tmp_path, own, since)


def test_what_is_damaged_is_never_answered_from(tmp_path: Path) -> None:
    """A bit of a part, the list of parts, a part that is gone."""
    own = random_signals(np.random.default_rng(8), 3_000)
    folder = tmp_path / "kept"
    keep_all(folder, [kept(own)])
    part = folder / "kept-00000.parquet"
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2] + b"\0\1\2" + whole[len(whole) // 2 + 3 :])

    with pytest.raises(IntegrityFailure) as damaged:
        look(tmp_path, own[:3])
    assert "kept-00000.parquet" in damaged.value.hint
    part.unlink()
    with pytest.raises(IntegrityFailure):
        look(tmp_path, own[:3])
    (folder / FILE).write_bytes(b"{}")
    with pytest.raises(IntegrityFailure):
        look(tmp_path, own[:3])


def test_an_empty_library_holds_nothing(tmp_path: Path) -> None:
    """A scan of which every file was refused."""
    keep_all(tmp_path / "kept", [KEPT.empty_table()])

    assert look(tmp_path, random_signals(np.random.default_rng(9), 2))[1] == []


def test_a_scan_and_what_came_later_find_what_one_scan_would(
    library: made.Library, tmp_path: Path
) -> None:
    """Real pictures: two entries at the scan, three later; the peer's hashes say what is near."""
    signals = pq.read_table(library.bank)["signal"].to_pylist()
    bank = made.listed(tmp_path / "bank.parquet", signals[:2])
    wanted = order(library.folder, bank, tmp_path / "out", keep=True)
    folder = tmp_path / "kept"
    progress = run(wanted, inline, lambda _: None, partial(keeper, folder))
    finish(folder, progress.plan, progress.shards, progress.mark)

    made.listed(tmp_path / "bank.parquet", signals)
    found = search(folder, progress.mark, bank, LISTED, tmp_path / "out")

    assert (progress.mark, found.entries, found.next) == (2, 3, made.REGISTERED)
    assert found.signals == 8 * len(library.pictures)
    assert sorted(made.hits(tmp_path / "out")) == sorted(made.expected(library))


class Killed(BaseException):
    """Stands for kill -9."""


@pytest.mark.parametrize("before", [True, False])
def test_a_scan_that_is_killed_keeps_each_signal_once(tmp_path: Path, before: bool) -> None:
    """Before a shard was kept, or after that and before it counted as done; again and again."""
    own = random_signals(np.random.default_rng(12), 40_000)
    ready_made = tmp_path / "ready.parquet"
    pq.write_table(pa.table({"signal": [signal.tobytes() for signal in own]}), ready_made)
    bank = made.listed(tmp_path / "bank.parquet", [own[5].tobytes().hex()])
    wanted = order(ready_made, bank, tmp_path / "out", signals=True, keep=True)
    folder = tmp_path / "kept"

    def keeping(lives: int, plan: str) -> Keep:
        keep, left = keeper(folder, plan), itertools.count(lives, -1)

        def keep_or_die(outcome: Outcome) -> None:
            dies = next(left) == 0
            if not (dies and before):
                keep(outcome)
            if dies:
                raise Killed

        return keep_or_die

    for lives in (0, 1, 0):
        with pytest.raises(Killed):
            run(wanted, inline, lambda _: None, partial(keeping, lives))
    progress = run(wanted, inline, lambda _: None, partial(keeping, 9))

    assert progress.before == 10_000
    assert finish(folder, progress.plan, progress.shards, progress.mark) == 40_000
    registered = [signal.tobytes().hex() for signal in own[::4_001]]
    made.listed(tmp_path / "bank.parquet", registered)
    found = search(folder, 0, bank, LISTED, tmp_path / "later")
    rows = [hit["row"] for hit in made.rows(tmp_path / "later", "hits")]
    assert (found.hits, rows) == (len(registered), list(range(0, 40_000, 4_001)))


def test_the_index_is_mapped_and_not_read(tmp_path: Path) -> None:
    """Opening needs no look at the parts."""
    keep_all(tmp_path / "kept", [kept(random_signals(np.random.default_rng(10), 50))])
    (tmp_path / "kept" / "kept-00000.parquet").unlink()

    opened = Library.open(tmp_path / "kept")

    assert len(opened.index) == 50


def test_a_matcher_s_bank_is_read_from_a_cursor_on(hub: FakeHub, options: MatcherOptions) -> None:
    """Ids ascend; an entry that is gone is left out, and no number is used again."""
    signals = [Signal(bytes([n]) * 32) for n in range(6)]
    numbers = [hub.put(signal, bank="adult", ask="remove") for signal in signals[:4]]
    with running(replace(options, hashers=1)) as client:
        eventually(lambda: ready(client), 60)
        reader = StateReader(options.data)
        eventually(lambda: reader.newest() == 4)
        hub.withdraw(numbers[3])
        eventually(lambda: reader.size() == 3)
        numbers += [hub.put(signal) for signal in signals[4:]]
        eventually(lambda: reader.newest() == 6)
        reader.close()

        [some] = MATCHER.newer(options.data, 2)
        none = list(MATCHER.newer(options.data, 6))
        mark = MATCHER.facts(options.data).mark

    assert (list(some.ids), mark) == ([3, 5, 6], 6)
    assert [some.entries[at].number for at in some.ids] == [numbers[2], *numbers[4:]]
    assert some.entries[3].ask == "remove"
    assert some.signals.tolist() == [list(signals[n].bits) for n in (2, 4, 5)]
    assert (some.last, none) == (6, [])


def test_the_command_keeps_a_library_and_looks_in_it_later(
    library: made.Library, tmp_path: Path
) -> None:
    """Without a cursor from the scan on, then from where the last search ended."""
    signals = pq.read_table(library.bank)["signal"].to_pylist()
    bank = made.listed(tmp_path / "bank.parquet", signals[:2])
    where = ("--bank", bank, "--out", tmp_path / "out", "--json")

    scanned = takeback(library.folder, *where, "--keep", tmp_path / "kept", "--workers", 1)
    made.listed(tmp_path / "bank.parquet", signals)
    call = caller(tmp_path)
    later = call("backscan", *where, "--library", "kept")
    found = json.loads(later.out)
    again = call("backscan", *where, "--library", "kept")
    anew = call("backscan", *where, "--library", "kept", "--since", 0)

    assert (scanned.returncode, later.code, again.code, anew.code) == (0, 0, 0, 0)
    assert (found["since"], found["next"], found["entries"]) == (2, made.REGISTERED, 3)
    assert json.loads(again.out)["entries"] == 0
    assert json.loads(anew.out)["entries"] == made.REGISTERED
    assert set(made.hits(tmp_path / "out")) == made.expected(library)


@pytest.mark.parametrize(
    "given",
    [
        ("--library", "kept", "--dry-run"),
        ("--library", "kept", "--keep", "more"),
        ("library", "--since", "3"),
        ("library", "--library", "kept"),
        (),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    given: tuple[str, ...], tmp_path: Path
) -> None:
    """A dry run, above all, must not go on and move the cursor."""
    done = caller(tmp_path)("backscan", *given, "--bank", "bank.parquet", "--out", "out")

    assert done.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "address",
    [
        "s3://name:secret@bucket/pictures",
        "https://store.example/list.csv?X-Amz-Signature=ab",
        "simplecache::https://token@store.example/list.csv",
    ],
)
def test_an_address_with_a_secret_is_refused(address: str, tmp_path: Path) -> None:
    """Others see the command line; the refusal does not repeat it."""
    done = caller(tmp_path)("backscan", address, "--bank", "bank.parquet", "--out", "out")

    assert (done.code, "environment" in done.err) == (3, True)
    assert not any(secret in done.err for secret in ("secret", "ab\n", "token@"))
    assert not (tmp_path / "out").exists()


PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "look-in-old-uploads.md"


def test_the_page_s_table_has_every_column() -> None:
    """Of what is kept."""
    table = PAGE.read_text().partition("| Column |")[2].partition("\n\n")[0]

    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == KEPT.names


def test_the_page_s_commands_print_what_it_says(library: made.Library, tmp_path: Path) -> None:
    """Three entries come to the bank after the first command."""
    signals = pq.read_table(library.bank)["signal"].to_pylist()
    bank = made.listed(tmp_path / "matcher-data", signals[:2])
    (tmp_path / "library").symlink_to(library.folder)
    call = caller(tmp_path)

    typed = commands(PAGE.read_text())

    assert len(typed) == 3
    for each in typed:
        done = call(*shlex.split(each.text)[1:])
        assert done.code == 0, done.err
        said = [line for line in each.printed if line != "…"]
        assert done.out.splitlines()[: len(said)] == said
        made.listed(bank, signals)
