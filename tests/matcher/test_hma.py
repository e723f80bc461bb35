"""HMA's addresses: every shape is written out here as HMA 1.1.7 answers it.

The signals looked up are the stock client's own examples, read and compared by its own classes.
"""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image, ImageOps
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal

from takeback.clock import utc_now
from takeback.hashing import hash_picture
from takeback.hashing.signal_types import SignalType
from takeback.matcher.options import MatcherOptions, Source
from tests.matcher.conftest import jpeg, photograph
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running

FIRST, SECOND, THIRD = PdqSignal.get_examples()[:3]
STRANGER = PdqSignal.get_examples()[13]
FILE = VideoMD5Signal.get_examples()[0]


@pytest.fixture
def client(hub: FakeHub, options: MatcherOptions) -> Iterator[httpx2.Client]:
    """A matcher that holds the first example as adult, the third as under 18, and one file."""
    hub.put(FIRST, bank="adult")
    hub.put(THIRD, bank="under_18")
    hub.put(FILE, type=SignalType.MD5, bank="not_said")
    with running(replace(options, hashers=1)) as client:
        eventually(lambda: ready(client))
        yield client


def asked(client: httpx2.Client, path: str, **query: str) -> Any:  # noqa: ANN401
    """Ask and return the document."""
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx2.Response, status: int) -> str:
    """Return what a refusal says where HMA's callers look for it."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["message"])


def photo(picture: Image.Image) -> dict[str, tuple[str, bytes, str]]:
    """Return a form's file as HMA's callers send it."""
    return {"photo": ("upload.jpg", jpeg(picture), "image/jpeg")}


def test_a_signal_is_looked_up_by_bank_without_its_type(client: httpx2.Client) -> None:
    """With ``signal_type`` the outermost object is left out, and distances are texts."""
    assert asked(client, "/m/lookup", signal=FIRST, signal_type="pdq") == {
        "adult": [{"bank_content_id": 1, "distance": "0"}],
        "under_18": [{"bank_content_id": 2, "distance": "4"}],
    }
    assert asked(client, "/m/lookup", signal=STRANGER, signal_type="pdq") == {}


def test_a_signal_may_be_posted_too(client: httpx2.Client) -> None:
    """The same answer."""
    answer = client.post("/m/lookup", params={"signal": FIRST, "signal_type": "pdq"})

    assert answer.json() == asked(client, "/m/lookup", signal=FIRST, signal_type="pdq")


def test_a_file_is_looked_up_by_type_and_bank(client: httpx2.Client, hub: FakeHub) -> None:
    """The outermost object names the type of signal; a mirrored copy is found as well."""
    picture = photograph()
    hub.put(hash_picture(jpeg(picture)).whole, bank="adult")
    eventually(lambda: asked(client, "/m/index/status")["pdq"]["size"] == 3)

    found = client.post("/m/lookup", files=photo(picture)).json()
    mirrored = client.post("/m/lookup", files=photo(ImageOps.mirror(picture))).json()

    assert found == {"pdq": {"adult": [{"bank_content_id": 4, "distance": "0"}]}}
    assert [match["bank_content_id"] for match in mirrored["pdq"]["adult"]] == [4]
    assert client.post("/m/lookup", files=photo(photograph("chelsea"))).json() == {"pdq": {}}


def test_a_video_is_looked_up_by_its_file(client: httpx2.Client) -> None:
    """HMA knows videos by MD5 only, and that has no distance."""
    assert asked(client, "/m/lookup", signal=FILE, signal_type="video_md5") == {
        "not_said": [{"bank_content_id": 3, "distance": "-"}]
    }
    assert client.post("/m/lookup", files={"video": ("a.mp4", b"")}).json() == {"video_md5": {}}


def test_ids_come_with_distances_or_without(client: httpx2.Client) -> None:
    """``/m/raw_lookup`` names no bank, and can be kept to some."""
    query = {"signal": FIRST, "signal_type": "pdq"}

    assert asked(client, "/m/raw_lookup", **query) == {"matches": [1, 2]}
    assert asked(client, "/m/raw_lookup", **query, include_distance="true") == {
        "matches": [
            {"bank_content_id": 1, "distance": "0"},
            {"bank_content_id": 2, "distance": "4"},
        ]
    }
    assert asked(client, "/m/raw_lookup", **query, banks="under_18,other") == {"matches": [2]}
    assert asked(client, "/m/raw_lookup", signal=STRANGER, signal_type="pdq") == {"matches": []}


def test_banks_limit_a_look_up_and_the_coin_changes_nothing(client: httpx2.Client) -> None:
    """``seed`` and ``bypass_coinflip`` are taken, because callers send them."""
    whole = asked(client, "/m/lookup", signal=FIRST, signal_type="pdq")

    for coin in ({"seed": "1"}, {"seed": "x", "bypass_coinflip": "false"}):
        assert asked(client, "/m/lookup", signal=FIRST, signal_type="pdq", **coin) == whole
    assert asked(client, "/m/lookup", signal=FIRST, signal_type="pdq", banks="adult") == {
        "adult": [{"bank_content_id": 1, "distance": "0"}]
    }


def test_an_id_stays_what_it_is(client: httpx2.Client, hub: FakeHub) -> None:
    """Others come and go, and nobody gets the number of one that is gone."""
    gone = hub.put(STRANGER, bank="adult")
    eventually(
        lambda: asked(client, "/m/raw_lookup", signal=STRANGER, signal_type="pdq")["matches"]
    )
    hub.withdraw(gone)
    eventually(
        lambda: not asked(client, "/m/raw_lookup", signal=STRANGER, signal_type="pdq")["matches"]
    )
    hub.put(STRANGER, bank="adult")

    [again] = eventually(
        lambda: asked(client, "/m/raw_lookup", signal=STRANGER, signal_type="pdq")["matches"]
    )
    assert again > 4
    assert asked(client, "/m/raw_lookup", signal=FIRST, signal_type="pdq") == {"matches": [1, 2]}


def test_a_photo_is_hashed_as_the_stock_client_hashes_it(client: httpx2.Client) -> None:
    """The same signal within the few bits that decoders differ by; flat pictures have none."""
    flat = Image.new("RGB", (300, 300), "navy")

    made = client.post("/h/hash", files=photo(photograph())).json()

    assert list(made) == ["pdq"]
    theirs = PdqSignal.hash_from_bytes(jpeg(photograph()))
    assert PdqSignal.compare_hash(PdqSignal.validate_signal_str(made["pdq"]), theirs).match
    assert client.post("/h/hash", files=photo(flat)).json() == {"pdq": ""}
    assert client.post("/m/lookup", files=photo(flat)).json() == {"pdq": {}}


def test_a_video_is_hashed_as_the_stock_client_hashes_it(client: httpx2.Client) -> None:
    """Byte for byte, whatever the bytes are."""
    made = client.post("/h/hash", files={"video": ("clip.mp4", b"any file")}).json()

    assert made == {"video_md5": VideoMD5Signal.hash_from_bytes(b"any file")}
    chosen = client.post("/h/hash?types=video_md5,", files={"video": ("clip.mp4", b"")})
    assert chosen.json() == {"video_md5": "d41d8cd98f00b204e9800998ecf8427e"}


def test_signals_are_compared(client: httpx2.Client) -> None:
    """A list of whether it is a match, and the distance as a number."""
    answer = client.post("/m/compare", json={"pdq": [FIRST, THIRD], "video_md5": [FILE, FILE]})

    assert answer.json() == {"pdq": [True, {"distance": 4}], "video_md5": [True, {}]}
    assert client.post("/m/compare", json={"pdq": [FIRST, STRANGER]}).json()["pdq"][0] is False
    theirs = PdqSignal.compare_hash(FIRST, THIRD)
    assert answer.json()["pdq"] == [theirs.match, {"distance": int(theirs.distance.pretty_str())}]


def test_the_index_says_how_large_it_is_and_how_far_it_reaches(client: httpx2.Client) -> None:
    """Built to: since when every bank is known to be up to date."""
    whole = asked(client, "/m/index/status")
    built_to = whole["pdq"]["built_to"]

    assert whole == {
        "pdq": {"present": True, "built_to": built_to, "size": 2},
        "video_md5": {"present": True, "built_to": built_to, "size": 1},
    }
    assert abs(datetime.fromtimestamp(built_to, UTC) - utc_now()).total_seconds() < 60
    assert list(asked(client, "/m/index/status", signal_type="pdq")) == ["pdq"]


def test_nothing_is_fetched_and_the_answer_says_why(client: httpx2.Client) -> None:
    """An address could be anywhere in the platform's network."""
    url = {"url": "http://127.0.0.1:1/picture.jpg"}

    for path in ("/h/hash", "/m/lookup"):
        answer = client.get(path, params=url)
        assert refused(answer, 403) == "this matcher fetches no address: it could be sent anywhere"
        assert answer.json()["hint"] == "Send the file itself with POST, or its signal."
        assert "picture" not in answer.text


SENSELESS: list[tuple[str, dict[str, str]]] = [
    ("/m/raw_lookup", {"signal": FIRST}),
    ("/m/raw_lookup", {"signal_type": "pdq"}),
    ("/m/raw_lookup", {"signal": FIRST, "signal_type": "clip"}),
    ("/m/raw_lookup", {"signal": FIRST.upper(), "signal_type": "pdq"}),
    ("/m/raw_lookup", {"signal": FIRST, "signal_type": "pdq", "include_distance": "maybe"}),
    ("/m/raw_lookup", {"signal": "00", "signal_type": "video_md5"}),
    ("/m/raw_lookup", {"signal": "zz" * 16, "signal_type": "video_md5"}),
    ("/m/lookup", {}),
    ("/m/index/status", {"signal_type": "clip"}),
]


def test_a_question_that_makes_no_sense_is_refused(client: httpx2.Client) -> None:
    """With 400, a message where HMA's callers look for it, and nothing of what was sent."""
    for path, query in SENSELESS:
        answer = client.get(path, params=query)
        assert refused(answer, 400), query
        assert FIRST not in answer.text.lower()


def test_forms_that_hold_no_file_or_several_are_refused(client: httpx2.Client) -> None:
    """And fields beside the file are passed over."""
    one = ("a.jpg", jpeg(photograph()))
    for files in ({"document": one}, {"photo": one, "video": one}, {"photo": (None, b"text")}):
        assert refused(client.post("/h/hash", files=files), 400)
    boundary = {"content-type": "multipart/form-data; boundary=b"}
    for body in (b"", b"nonsense", b"--b\r\n\r\n", b"--b\r\nContent-Disposition: form-data\r\n"):
        assert refused(client.post("/h/hash", content=body, headers=boundary), 400)
    assert refused(client.post("/h/hash", content=b"x"), 415)
    assert refused(client.post("/h/hash", files=photo(photograph()), data={"a": "b" * 99_999}), 400)
    assert client.post("/h/hash", files={"photo": one}, data={"note": "x"}).status_code == 200


def test_what_is_not_taken_is_refused_with_what_is(client: httpx2.Client) -> None:
    """A photo sent bare, as to ``/v1/match``, learns of the form; each address of its own."""
    bare = {"content-type": "image/jpeg"}
    hints = {
        path: client.post(path, content=b"x", headers=bare).json()["hint"]
        for path in ("/h/hash", "/m/lookup", "/m/lookup/", "/m/compare")
    }

    assert "multipart/form-data" in hints["/h/hash"]
    assert "?signal" not in hints["/h/hash"]
    assert all(word in hints["/m/lookup"] for word in ("photo or video", "?signal="))
    assert hints["/m/lookup/"] == hints["/m/lookup"]
    assert "application/json" in hints["/m/compare"]
    assert not any("/v1/match" in hint for hint in hints.values())


def test_comparisons_that_make_no_sense_are_refused(client: httpx2.Client) -> None:
    """As HMA does."""
    bodies: list[Any] = [["x"], {"pdq": "x"}, {"pdq": []}, {"pdq": ["x"] * 2}, {"pdq": [FIRST] * 3}]
    for body in bodies:
        assert refused(client.post("/m/compare", json=body), 400)


def test_status_says_in_hmas_words_whether_answers_are_true(
    hub: FakeHub, options: MatcherOptions
) -> None:
    """Not loaded before the bank was read to its end, stale when it is too old."""
    hub.stop()
    now = [utc_now()]
    with running(replace(options, stale_after=60), lambda: now[0]) as client:
        early = client.get("/status")
        unread = client.get("/m/raw_lookup", params={"signal": FIRST, "signal_type": "pdq"})
        live = client.get("/status/live")
        hub.start()
        eventually(lambda: client.get("/status").status_code == 200)
        alive = client.get("/status")
        hub.stop()
        eventually(lambda: "unreachable" in client.get("/health").text)
        now[0] = now[0].replace(year=now[0].year + 1)
        stale = client.get("/status")

    assert (early.status_code, early.text) == (503, "INDEX-NOT-LOADED")
    assert (live.status_code, live.text) == (200, "I-AM-ALIVE")
    assert (alive.status_code, alive.text) == (200, "I-AM-ALIVE")
    assert (stale.status_code, stale.text) == (503, "INDEX-STALE")
    assert refused(unread, 503) == "index not yet ready"
    assert unread.headers["retry-after"] == "1"


def test_a_file_that_is_too_large_is_refused_while_it_arrives(
    hub: FakeHub, options: MatcherOptions
) -> None:
    """Photos and videos each have their limit."""
    del hub
    small = replace(options, picture_bytes=1000, video_bytes=2000)
    with running(small) as client:
        eventually(lambda: ready(client))
        for field, size, status in (
            ("photo", 1001, 413),
            ("video", 2001, 413),
            ("video", 2000, 200),
        ):
            answer = client.post("/h/hash", files={field: ("a", io.BytesIO(b"x" * size))})
            assert answer.status_code == status, field


def test_a_photo_never_touches_a_disk(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one of several megabytes."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    noise = np.random.default_rng(5).integers(0, 256, (1500, 1500, 3), np.uint8)

    answer = client.post("/m/lookup", files=photo(Image.fromarray(noise)))

    assert answer.json() == {"pdq": {}}


def test_a_bank_that_is_not_whole_gives_no_answer(
    hub: FakeHub, options: MatcherOptions, key_file: Path
) -> None:
    """HMA's shapes can't say which hub is missing, and no match would not be true."""
    hub.put(FIRST, bank="adult")
    other = Source(url="http://127.0.0.1:1", key_file=key_file, name="other")
    with running(replace(options, sources=(*options.sources, other))) as client:
        eventually(lambda: client.post("/v1/lookup", json={"signals": [FIRST]}).status_code == 200)
        ours = client.post("/v1/lookup", json={"signals": [FIRST]}).json()
        theirs = client.get("/m/raw_lookup", params={"signal": FIRST, "signal_type": "pdq"})

    assert ours["missing"] == ["other"]
    assert refused(theirs, 503) == "index not yet ready"
