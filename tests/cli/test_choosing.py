"""Keypoint signals are a choice: what is sent, what is asked, what the receipt says."""

import json
import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import ItemDocument, RegistrationDocument
from takeback.cli.demo.film import film
from takeback.cli.reporterhub import ReporterHub
from takeback.hashing import hash_picture
from takeback.hashing.signal_types import SignalType, from_text
from takeback.hashing.video_signals import VideoSignals
from tests.cli.conftest import PICTURES, PROGRAM, Centre, Takeback, bare_environment

COFFEE = PICTURES / "coffee.png"
CHELSEA = PICTURES / "chelsea.png"
OPENED = {"case_id": "case_0", "code": "c", "words": ["w"], "pin": "1", "slip": "s"}


@dataclass(slots=True)
class Listener:
    """A hub's address, and every document that was sent to it."""

    url: str
    takes_keypoints: bool = True
    sent: list[bytes] = field(default_factory=list)

    @property
    def document(self) -> RegistrationDocument:
        """The only document that was sent."""
        [body] = self.sent
        return msgspec.json.decode(body, type=RegistrationDocument)

    @property
    def types(self) -> list[list[str]]:
        """The types of signals of each item."""
        return [types_of(item) for item in self.document.items]


def types_of(item: ItemDocument) -> list[str]:
    """Return the types of an item's signals, each once."""
    types: list[dict[str, Any]] = msgspec.to_builtins(item.signals)
    return sorted({signal["type"] for signal in types})


@pytest.fixture
def hub() -> Iterator[Listener]:
    """Something that takes registrations as a hub does, and keeps them."""

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            challenge = {"challenge": "x", "bits": 0, "keypoints": listener.takes_keypoints}
            self.answer(challenge)

        def do_POST(self) -> None:
            listener.sent.append(self.rfile.read(int(self.headers["content-length"])))
            self.answer(OPENED)

        def answer(self, document: object) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Hub) as server:
        listener = Listener(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield listener
        server.shutdown()


@pytest.fixture(scope="module")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of two photographs."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    film([Image.open(COFFEE), Image.open(CHELSEA)], 6, path, size=(320, 180))
    return path


def test_without_a_word_no_keypoint_signal_is_sent(
    call: Takeback, hub: Listener, short_film: Path
) -> None:
    """Nobody is asked when stdin is no terminal, and the answer is no."""
    done = call("case", "open", "--hub", hub.url, COFFEE, short_film)

    assert done.code == 0
    assert hub.document.choices.keypoints is False
    assert hub.types == [["pdq"], ["md5", "video1"]]
    video = VideoSignals.unpack(from_text(SignalType.VIDEO, value_of(hub, 1, "video1")))
    assert len(video) > 0
    assert video.keypoints == ()


def test_what_she_chose_is_sent_and_nothing_more(
    call: Takeback, hub: Listener, short_film: Path
) -> None:
    """Packed exactly as they were made, on the picture and in the video's frames."""
    [look] = hash_picture(COFFEE, role="reporter").keypoints

    done = call("case", "open", "--keypoints", "--hub", hub.url, COFFEE, short_film)

    assert done.code == 0
    assert hub.document.choices.keypoints is True
    assert hub.types == [["kp1", "pdq"], ["md5", "video1"]]
    assert from_text(SignalType.KEYPOINTS, value_of(hub, 0, "kp1")) == look.plain.pack()
    video = VideoSignals.unpack(from_text(SignalType.VIDEO, value_of(hub, 1, "video1")))
    assert len(video.keypoints) > 0


def test_a_hub_that_takes_none_gets_none(call: Takeback, hub: Listener) -> None:
    """She is told, and the case is opened with the other signals."""
    hub.takes_keypoints = False

    done = call("case", "open", "--keypoints", "--hub", hub.url, COFFEE)

    assert done.code == 0
    assert "this hub takes no keypoint signals" in done.err
    assert hub.document.choices.keypoints is False
    assert hub.types == [["pdq"]]


@pytest.mark.parametrize(
    ("language", "answer", "chosen"),
    [
        ("en", "y", True),
        ("en", "n", False),
        ("en", "", False),
        ("en", "maybe\nyes", True),
        ("ko", "예", True),
        ("ko", "아니요", False),
    ],
)
def test_on_a_terminal_she_reads_one_sentence_and_is_asked(
    hub: Listener, tmp_path: Path, language: str, answer: str, chosen: bool
) -> None:
    """The sentence of the study, in the case's language; return alone is no."""
    said = on_a_terminal(
        ["case", "open", "--language", language, "--hub", hub.url, COFFEE], answer, tmp_path
    )

    assert " ".join(KEYPOINTS_SENTENCE[language].split()) in " ".join(said.split())  # type: ignore[index]
    assert hub.document.choices.keypoints is chosen
    assert ("kp1" in hub.types[0]) is chosen


@pytest.mark.parametrize("option", ["--keypoints", "--no-keypoints"])
def test_who_said_it_already_is_not_asked(hub: Listener, tmp_path: Path, option: str) -> None:
    """Neither on a terminal."""
    said = on_a_terminal(["case", "open", option, "--hub", hub.url, COFFEE], "", tmp_path)

    assert KEYPOINTS_SENTENCE["en"][:30] not in said
    assert hub.document.choices.keypoints is (option == "--keypoints")


@pytest.fixture
def pale_picture(tmp_path: Path) -> Path:
    """A picture with too little detail for other signals than keypoints."""
    picture = Image.open(COFFEE).convert("RGB")
    path = tmp_path / "pale.png"
    Image.blend(Image.new("RGB", picture.size, (128, 128, 128)), picture, 0.1).save(path)
    return path


def test_a_pale_picture_is_registered_by_keypoints_alone_if_she_says_yes(
    call: Takeback, hub: Listener, pale_picture: Path
) -> None:
    """One signal goes, beside those of her other pictures."""
    done = call("case", "open", "--keypoints", "--hub", hub.url, pale_picture, COFFEE)

    assert done.code == 0
    assert hub.types == [["kp1"], ["kp1", "pdq"]]
    assert len(hub.document.items[0].signals) == 1


@pytest.mark.parametrize(("option", "takes"), [("--no-keypoints", True), ("--keypoints", False)])
def test_without_keypoints_a_pale_picture_is_refused_and_she_learns_what_would_help(
    call: Takeback, hub: Listener, pale_picture: Path, option: str, takes: bool
) -> None:
    """Nothing is sent, not of her other pictures either, and the file is named."""
    hub.takes_keypoints = takes

    done = call("case", "open", option, "--hub", hub.url, COFFEE, pale_picture)

    assert (done.code, done.out, hub.sent) == (3, "", [])
    assert f"{pale_picture}: quality " in done.err
    assert "by keypoint signals alone: say yes to them" in " ".join(done.err.split())


def test_the_same_picture_given_twice_is_one_item(call: Takeback, hub: Listener) -> None:
    """By its signals, whatever the file is called."""
    done = call("case", "open", "--hub", hub.url, COFFEE, CHELSEA, COFFEE)

    assert done.code == 0
    assert len(hub.document.items) == 2


def test_the_receipt_says_whether_keypoints_are_registered(centre: Centre) -> None:
    """As the case says, and for each item."""
    with_them, without = centre.open_case("--keypoints", COFFEE), centre.open_case(CHELSEA)

    shown = centre.run("case", "status", stdin=json.dumps(with_them)).out
    other = centre.run("case", "status", stdin=json.dumps(without)).out

    assert "  you said yes to keypoint signals\n" in shown
    assert ", 8 signals, keypoints among them\n" in shown
    assert "keypoint" not in other


def test_pictures_that_are_added_follow_the_choice(centre: Centre) -> None:
    """``--keypoints`` changes the choice; ``--no-keypoints`` is for what is added now."""
    keys = json.dumps(centre.open_case(COFFEE))

    plain = centre.run("case", "add", "--json", CHELSEA, stdin=keys)
    chosen = centre.run("case", "add", "--json", "--keypoints", PICTURES / "moon.png", stdin=keys)
    without = centre.run(
        "case", "add", "--json", "--no-keypoints", PICTURES / "brick.png", stdin=keys
    )

    receipts = [json.loads(done.out) for done in (plain, chosen, without)]
    assert [receipt["keypoints"] for receipt in receipts] == [False, True, True]
    assert [item["keypoints"] for item in receipts[-1]["items"]] == [False, False, True, False]


def test_a_case_with_the_choice_goes_on_where_the_hub_stopped_offering_it(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She is told, and what she adds is protected by the other signals."""
    keys = json.dumps(centre.open_case("--keypoints", COFFEE))
    monkeypatch.setattr(ReporterHub, "takes_keypoints", lambda _: False)

    done = centre.run("case", "add", "--json", CHELSEA, stdin=keys)

    assert "this hub takes no keypoint signals" in done.err
    assert [item["keypoints"] for item in json.loads(done.out)["items"]] == [True, False]


def test_choosing_later_says_what_it_counts_for(centre: Centre) -> None:
    """Signals that the hub never got can't appear by a choice."""
    keys = json.dumps(centre.open_case(COFFEE))

    done = centre.run("case", "choices", "--keypoints", stdin=keys)

    assert "this counts for what is added from now on" in done.err


def test_taking_the_choice_back_needs_yes(centre: Centre) -> None:
    """It is shown first; with ``--yes`` the keypoint signals are gone and the others stay."""
    keys = json.dumps(centre.open_case("--keypoints", COFFEE))

    shown = centre.run("case", "choices", "--no-keypoints", stdin=keys)
    done = centre.run("case", "choices", "--no-keypoints", "--yes", "--json", stdin=keys)

    assert (shown.code, shown.out) == (2, "")
    assert "withdraws and erases the case's keypoint signals" in shown.err
    receipt = json.loads(done.out)
    assert receipt["keypoints"] is False
    assert [(item["state"], item["keypoints"]) for item in receipt["items"]] == [
        ("protected", False)
    ]


def test_a_video_is_an_item(centre: Centre, short_film: Path) -> None:
    """Its signals and its digest."""
    keys = json.dumps(centre.open_case(short_film))

    receipt = json.loads(centre.run("case", "status", "--json", stdin=keys).out)

    assert [(item["state"], item["signals"]) for item in receipt["items"]] == [("protected", 2)]


def value_of(hub: Listener, item: int, kind: str) -> str:
    """Return the value of an item's only signal of a type."""
    signals = json.loads(hub.sent[0])["items"][item]["signals"]
    [value] = [signal["value"] for signal in signals if signal["type"] == kind]
    assert isinstance(value, str)
    return value


def on_a_terminal(arguments: list[object], answer: str, folder: Path) -> str:
    """Run ``takeback`` with a terminal as stdin and return what it said on stderr."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "wb", buffering=0) as keyboard:
        keyboard.write(f"{answer}\n".encode())
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)],
            stdin=theirs,
            capture_output=True,
            text=True,
            cwd=folder,
            env=bare_environment(),
            timeout=60,
            check=False,
        )
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    return done.stderr
