"""Entries of every type: kept, found, withdrawn, and what another release left behind."""

import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from takeback.exchange.wire import FeedEntry
from takeback.hashing.keypoint_signals import KeypointSignals
from takeback.hashing.signal_types import SignalType, to_text
from takeback.hashing.video_signals import FrameView, VideoSignals
from takeback.matcher.banks import Banks
from takeback.matcher.holdings import Holding
from takeback.matcher.options import MatcherOptions
from takeback.matcher.state import State
from takeback.matching.lookup.digests import Digests
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running
from tests.matcher.test_state import HUB, active, everything, gone, held, holding_in, number, page

OLD = Path(__file__).with_name("state-1.sql")


def keypoints(seed: int, count: int = 20) -> KeypointSignals:
    """Draw the keypoints of one picture."""
    rng = np.random.default_rng(seed)
    places = np.column_stack([rng.integers(0, top, count) for top in (64, 48, 16, 24)])
    bits = rng.integers(0, 256, (count, 32), np.uint8)
    return KeypointSignals(64, 48, bits, places.astype(np.uint8))


def video(seed: int, frames: int = 20) -> VideoSignals:
    """Draw the signals of one video."""
    rng = np.random.default_rng(seed)
    return VideoSignals(
        duration=frames * 1000,
        times=np.arange(frames, dtype=np.uint32) * 1000,
        qualities=np.full(frames, 90, np.uint8),
        views={FrameView.WHOLE: rng.integers(0, 256, (frames, 32), np.uint8)},
        md5=rng.bytes(16),
        sha256=rng.bytes(32),
    )


def told(n: int, kind: SignalType, content: bytes) -> FeedEntry:
    """Return the n-th entry as a hub tells of it."""
    return FeedEntry(number(n), "active", to_text(kind, content), type=kind)


def one_of_each(seed: int = 1) -> list[FeedEntry]:
    """Return an entry of every type, numbered 1 to 4."""
    return [
        active(1),
        told(2, SignalType.KEYPOINTS, keypoints(seed).pack()),
        told(3, SignalType.VIDEO, video(seed).pack()),
        told(4, SignalType.MD5, video(seed).md5),
    ]


@pytest.fixture
def holding(tmp_path: Path) -> Iterator[Holding[Banks]]:
    """One bank in an empty state file."""
    state = State(tmp_path / "data")
    yield holding_in(state)
    state.close()


def sizes(holding: Holding[Banks]) -> tuple[int, int, int, int]:
    """Return how many entries each index holds."""
    banks = holding.banks
    return len(banks.signals), len(banks.keypoints), len(banks.videos), len(banks.digests)


def test_each_type_is_in_its_own_index_also_after_a_start(holding: Holding[Banks]) -> None:
    """And one that is gone leaves it, whatever its type."""
    holding.take(page(*one_of_each()))
    assert sizes(holding) == sizes(holding_in(holding.state)) == (1, 1, 1, 1)
    assert len(holding.banks) == 4

    holding.take(page(gone(2), gone(3), gone(4), cursor="d"))

    assert sizes(holding) == sizes(holding_in(holding.state)) == (1, 0, 0, 0)


def test_what_is_gone_leaves_no_trace_whatever_its_type(
    tmp_path: Path, holding: Holding[Banks]
) -> None:
    """Long payloads lie on pages of their own; they are overwritten too."""
    packed = video(1, 300).pack()
    holding.take(page(told(1, SignalType.VIDEO, packed)))
    assert packed[2000:2100] in everything(tmp_path / "data")

    holding.take(page(gone(1), cursor="d"))

    assert packed[2000:2100] not in everything(tmp_path / "data")


def test_one_bad_record_costs_only_itself(holding: Holding[Banks]) -> None:
    """It is counted, and an older one of its number no longer matches."""
    holding.take(page(*one_of_each()))
    bad = told(2, SignalType.KEYPOINTS, b"\x40\x40" + b"\xff" * 35)
    unheard = FeedEntry(number(3), "active", "anything", type="unheard7")
    short = FeedEntry(number(4), "active", "ab", type="md5")

    holding.take(page(bad, unheard, short, active(5), cursor="d"))

    assert sizes(holding) == (2, 0, 0, 0)
    assert holding.status.skipped == 3
    assert holding.position().cursor == "d"


def test_a_number_that_changes_its_type_is_in_one_index_only(holding: Holding[Banks]) -> None:
    """No hub of ours does so; a restored or faulty one may."""
    holding.take(page(*one_of_each()))

    holding.take(page(told(1, SignalType.MD5, video(7).md5), active(4), cursor="d"))

    assert sizes(holding) == sizes(holding_in(holding.state)) == (1, 1, 1, 1)
    assert held(holding) == {number(4): "04" * 32}
    assert len(holding.banks.digests.find(video(7).md5)) == 1


def test_an_index_that_fails_keeps_the_whole_page_out(
    holding: Holding[Banks], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is read again, and then it is there in all of them."""

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(type(holding.banks.videos), "add", fail)
        with pytest.raises(MemoryError):
            holding.take(page(*one_of_each()))
    assert (holding.position().cursor, holding.state.size()) == (None, 0)

    holding.take(page(*one_of_each()))

    assert sizes(holding) == (1, 1, 1, 1)


def test_a_file_of_the_first_release_is_kept_and_its_feeds_are_read_again(
    tmp_path: Path, logged: io.StringIO
) -> None:
    """What it held still matches at once; what it did not understand comes with the reading."""
    with sqlite3.connect(tmp_path / "matcher.db") as db:
        db.executescript(OLD.read_text())
    db.close()

    state = State(tmp_path)
    holding = holding_in(state)

    assert held(holding) == {number(1): "01" * 32, number(2): "02" * 32}
    assert holding.position().cursor == "c"
    assert state.reread(holding.source)
    assert holding.position() == (holding.position().__class__)(None, None, complete=False)
    assert held(holding).keys() == {number(1), number(2)}
    holding.take(page(active(1), *one_of_each()[1:], cursor="d"))
    assert sizes(holding) == (1, 1, 1, 1)
    assert not state.reread(holding.source)
    assert "state.upgraded" in logged.getvalue()
    state.close()


def test_a_matcher_on_an_older_file_reads_what_that_release_did_not_understand(
    hub: FakeHub, options: MatcherOptions, logged: io.StringIO
) -> None:
    """From the feed's beginning, over what is held; the log says why."""
    options.data.mkdir()
    with sqlite3.connect(options.data / "matcher.db") as db:
        db.executescript(OLD.read_text().replace("https://hub.example", hub.url))
    db.close()
    for entry in one_of_each():
        hub.put(str(entry.signal), entry.number, type=entry.type)

    with running(options) as client:
        eventually(lambda: ready(client))
        eventually(lambda: "takeback_matcher_entries 4.0" in client.get("/metrics").text)

    assert not any("after=c" in asked for asked in hub.asked)
    assert "hub.reread" in logged.getvalue()


def test_a_bank_that_this_release_read_is_not_read_again(holding: Holding[Banks]) -> None:
    """Only another set of types makes that necessary."""
    holding.take(page(active(1)))

    assert not holding.state.reread(holding.state.source(HUB))


def test_a_large_bank_is_loaded_in_pieces_and_says_how_far_it_is(
    holding: Holding[Banks], monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    """The pieces together are the bank."""
    entries = [told(n, SignalType.KEYPOINTS, keypoints(n).pack()) for n in range(1, 13)]
    holding.take(page(*entries, active(20)))
    monkeypatch.setattr("takeback.matcher.statereader.LOAD_BYTES", 1500)
    monkeypatch.setattr("takeback.matcher.statereader.FETCH_ROWS", 2)

    again = holding_in(holding.state)

    assert sizes(again) == (1, 12, 0, 0)
    said = logged.getvalue()
    assert said.count("bank.loading") > 3
    assert "13" in said


def test_a_digest_may_be_of_several_entries() -> None:
    """Two hubs, or two reporters, may have registered one file; each leaves by itself."""
    digests = Digests()
    digests.add([1, 2, 3], [b"a" * 16, b"a" * 16, b"b" * 16])
    assert digests.find(b"a" * 16) == [1, 2]

    digests.withdraw([1, 9])
    digests.add([3], [b"c" * 16])

    assert (digests.find(b"a" * 16), digests.find(b"b" * 16), len(digests)) == ([2], [], 2)
