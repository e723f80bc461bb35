"""Hostile callers against a matcher in a process of its own: bodies, heads and connections.

After each, the next question is answered at once, and the process has not grown.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.matcher.conftest import jpeg, photograph
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready

SIGNAL = "0f" * 32
LOOK_UP = json.dumps({"signals": [SIGNAL]}).encode()
GIGABYTES = 2 * 1024**3

HEAD_SECONDS = 2.0
BODY_SECONDS = 3.0
PICTURE_SECONDS = 3.0
PICTURE_BYTES = 8 * 1024 * 1024

GROWTH = 96 * 1024 * 1024
"""Bytes that the process may have grown to beyond what it had when it was idle."""

PROGRAM = f"""
import sys
from pathlib import Path
from takeback.matcher import bodies, connections

connections.HEAD_SECONDS = connections.LINGER_SECONDS = {HEAD_SECONDS}
connections.SEND_SECONDS = {HEAD_SECONDS}
bodies.SECONDS = bodies.VIDEO_SECONDS = {BODY_SECONDS}

from takeback.matcher.options import MatcherOptions, Source
from takeback.matcher.server import run_matcher

url, key_file, data = sys.argv[1:]
options = MatcherOptions(
    sources=(Source(url=url, key_file=Path(key_file), name="hub"),), data=Path(data), port=0,
    hashers=1, video_hashers=0, picture_seconds={PICTURE_SECONDS}, picture_bytes={PICTURE_BYTES},
)
run_matcher(options, listening=lambda address: print(address, flush=True))
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A matcher in a process of its own."""

    process: subprocess.Popen[str]
    client: httpx2.Client

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self.client.base_url.port is not None
        return "127.0.0.1", self.client.base_url.port

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(self.address, timeout=20)

    def look_up(self) -> httpx2.Response:
        """Ask about one signal."""
        return self.client.post("/v1/lookup", content=LOOK_UP, headers=JSON)

    def hashes(self) -> bool:
        """Tell whether a picture is answered now."""
        answer = self.client.post("/v1/match", content=PICTURE, headers=JPEG)
        return answer.status_code == 200

    def peak(self) -> int:
        """Return the most bytes that the process ever had in memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the system does not say")

    def children(self) -> list[int]:
        """Return the processes that hash."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]


JSON = {"content-type": "application/json"}
JPEG = {"content-type": "image/jpeg"}
PICTURE = jpeg(photograph())


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A matcher whose limits in seconds are short."""
    directory = tmp_path_factory.mktemp("bodies")
    hub = FakeHub().start()
    (directory / "key").write_text(hub.key)
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, hub.url, str(directory / "key"), str(directory / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdout is not None
    try:
        url = started.stdout.readline().strip()
        with httpx2.Client(base_url=url, trust_env=False, timeout=20) as client:
            eventually(lambda: ready(client), 60)
            yield Running(started, client)
    finally:
        started.kill()
        started.wait()
        started.stdout.close()
        hub.stop()


@contextmanager
def unharmed(matcher: Running) -> Iterator[None]:
    """Hold that the process has not grown much, and that the next question is answered."""
    assert matcher.look_up().status_code == 200
    before = matcher.peak()
    yield
    began = time.monotonic()
    assert matcher.look_up().status_code == 200
    assert time.monotonic() - began < 2
    assert matcher.peak() - before < GROWTH


def head(path: str, **headers: str) -> bytes:
    """Write the head of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def status_of(connection: socket.socket) -> int:
    """Return the status that is answered; 0 where the connection ends without one."""
    with suppress(ConnectionError):
        words = connection.recv(65536).split(b" ", 2)
        return int(words[1]) if len(words) > 1 else 0
    return 0


def is_over(connection: socket.socket) -> bool:
    """Tell whether the other side has ended the connection."""
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


LARGE = [
    ("/v1/lookup", "application/json"),
    ("/v1/match", "application/json"),
    ("/v1/match", "image/jpeg"),
    ("/v1/pdq/", "application/json"),
    ("/v1/responses", "application/json"),
    ("/m/compare", "application/json"),
    ("/h/hash", "multipart/form-data; boundary=b"),
]
FORM = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'


@pytest.mark.parametrize(("path", "kind"), LARGE)
def test_two_gigabytes_that_are_declared_are_refused_before_they_are_sent(
    matcher: Running, path: str, kind: str
) -> None:
    """The first bytes suffice."""
    with unharmed(matcher), matcher.connect() as connection:
        connection.sendall(head(path, Content_Type=kind, Content_Length=str(GIGABYTES)))
        connection.sendall(b"\xff\xd8\xff" + b"x" * 500)

        assert status_of(connection) == 413


@pytest.mark.parametrize(("path", "kind"), [LARGE[0], LARGE[2], LARGE[6]])
def test_two_gigabytes_in_chunks_are_refused_once_they_are_too_many(
    matcher: Running, path: str, kind: str
) -> None:
    """What comes afterwards is dropped for a while, then the connection ends."""
    sent = 0
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with unharmed(matcher), matcher.connect() as connection:
        connection.sendall(head(path, Content_Type=kind, Transfer_Encoding="chunked"))
        if path == "/h/hash":
            connection.sendall(b"%x\r\n%b\r\n" % (len(FORM), FORM))
        answers: list[int] = []
        reader = threading.Thread(target=lambda: answers.append(status_of(connection)))
        reader.start()
        began = time.monotonic()
        with suppress(ConnectionError):
            while sent < GIGABYTES:
                connection.sendall(piece)
                sent += 65536
                time.sleep(0.0005 if answers else 0)
        reader.join()

    assert answers == [413]
    assert sent < GIGABYTES or time.monotonic() - began < HEAD_SECONDS + 5


def test_heads_that_never_end_are_given_up(matcher: Running) -> None:
    """A hundred callers send a byte now and then; each is let go in time."""
    with unharmed(matcher), ExitStack() as stack:
        slow = [stack.enter_context(matcher.connect()) for _ in range(100)]
        began = time.monotonic()
        for letter in b"POST /v1/lookup":
            for connection in slow:
                with suppress(ConnectionError):
                    connection.send(bytes([letter]))
            assert matcher.look_up().status_code == 200
            time.sleep(0.1)
        assert all(map(is_over, slow))
        assert time.monotonic() - began < HEAD_SECONDS + 5


def test_a_head_that_is_too_long_is_refused(matcher: Running) -> None:
    """However it is sent."""
    with unharmed(matcher), matcher.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        with suppress(ConnectionError):
            for number in range(2_000):
                connection.sendall(b"x-%d: %b\r\n" % (number, b"y" * 1000))
        assert status_of(connection) in {0, 431}
        assert is_over(connection)


def test_trailers_that_never_end_are_refused(matcher: Running) -> None:
    """What follows a body in chunks is bounded like a head."""
    kind = {"Content_Type": "application/json", "Transfer_Encoding": "chunked"}
    with unharmed(matcher), matcher.connect() as connection:
        connection.sendall(head("/v1/lookup", **kind) + b"1\r\n{\r\n0\r\n")
        with suppress(ConnectionError):
            for number in range(2_000):
                connection.sendall(b"x-%d: %b\r\n" % (number, b"y" * 1000))
        assert status_of(connection) in {0, 400, 431}
        assert is_over(connection)


def test_bodies_that_never_end_are_given_up(matcher: Running) -> None:
    """A slow upload holds its place for so long and no longer."""
    kinds = {"/v1/lookup": "application/json", "/v1/match": "image/jpeg", "/h/hash": LARGE[6][1]}
    with unharmed(matcher), ExitStack() as stack:
        slow = []
        for path, kind in kinds.items():
            for _ in range(5):
                connection = stack.enter_context(matcher.connect())
                connection.sendall(head(path, Content_Type=kind, Content_Length="100000"))
                connection.sendall(FORM if path == "/h/hash" else PICTURE[:500])
                slow.append(connection)
        for _ in range(10):
            for connection in slow:
                with suppress(ConnectionError):
                    connection.send(b"x")
            assert matcher.look_up().status_code == 200
            time.sleep(0.1)
        assert [status_of(connection) for connection in slow] == [408] * len(slow)
    assert matcher.hashes()


def test_a_thousand_idle_connections_keep_nobody_out(matcher: Running) -> None:
    """And are closed after a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with unharmed(matcher), ExitStack() as stack:
            idle = [stack.enter_context(matcher.connect()) for _ in range(1000)]
            assert matcher.look_up().status_code == 200
            assert all(map(is_over, idle))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_large_bodies_on_their_way_share_a_room(matcher: Running) -> None:
    """Those for which there is none are refused; small ones are answered all the while."""
    body = b'{"signals": ["' + b"x" * 1_000_000
    with unharmed(matcher), ExitStack() as stack:
        many = [stack.enter_context(matcher.connect()) for _ in range(90)]
        for connection in many:
            connection.sendall(
                head(
                    "/v1/lookup", **{"Content_Type": JSON["content-type"]}, Content_Length="1040000"
                )
            )
            connection.sendall(body)
        assert matcher.look_up().status_code == 200
        answers = [status_of(connection) for connection in many]

    assert set(answers) == {408, 503}
    assert answers.count(503) >= 20


def test_callers_that_leave_half_way_leave_nothing_behind(matcher: Running) -> None:
    """Whether they leave in the head, in the body, or before the answer."""
    upload = head("/v1/match", Content_Type="image/jpeg", Content_Length=str(len(PICTURE)))
    question = head("/v1/lookup", Content_Type="application/json", Content_Length=str(len(LOOK_UP)))
    with unharmed(matcher):
        for whole in (upload + PICTURE, question + LOOK_UP):
            for sent in (20, len(whole) // 2, len(whole)):
                for _ in range(10):
                    with matcher.connect() as connection:
                        connection.sendall(whole[:sent])
        eventually(lambda: "pictures_under_way 0.0" in matcher.client.get("/metrics").text)
    assert matcher.hashes()


def test_callers_that_never_read_are_given_up(matcher: Running) -> None:
    """Answers of many megabytes wait for them, but not for long."""
    body = json.dumps({"signals": [SIGNAL] * 10_000}).encode()
    ask = head("/v1/lookup", Content_Type="application/json", Content_Length=str(len(body)))
    with unharmed(matcher), matcher.connect() as connection:
        connection.settimeout(0.5)
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < 30:
                with suppress(TimeoutError):
                    connection.sendall(ask + body)
        assert time.monotonic() - began < 25


def stop(pid: int) -> None:
    """Let a process hang."""
    os.kill(pid, signal.SIGSTOP)


def kill(pid: int) -> None:
    """End a process at once."""
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(("harm", "status"), [(stop, 413), (kill, 415)])
def test_a_picture_that_hangs_or_kills_a_decoder_costs_itself_alone(
    matcher: Running, harm: Callable[[int], None], status: int
) -> None:
    """It gets a typed answer in time, and the next picture is hashed by another process."""
    assert matcher.hashes()
    (child,) = matcher.children()
    with unharmed(matcher):
        harm(child)
        began = time.monotonic()
        answer = matcher.client.post("/v1/match", content=PICTURE, headers=JPEG)
        took = time.monotonic() - began
        eventually(matcher.hashes)

    assert answer.status_code == status
    assert took < PICTURE_SECONDS + 2
    assert child not in matcher.children()


HOSTILE = {
    "no JSON": b"{",
    "deep nesting": b'{"signals":' * 50_000,
    "a key given twice": b'{"signals": ["%s"], "signals": ["%s"]}' % ((SIGNAL.encode(),) * 2),
    "NaN": b'{"signals": ["%s"], "limit": NaN}' % SIGNAL.encode(),
    "a wrong type": b'{"signals": {"%s": 1}}' % SIGNAL.encode(),
    "a number too large": b'{"signals": ["%s"], "limit": 1e999}' % SIGNAL.encode(),
    "invalid UTF-8": b'{"signals": ["\xff\xfe"]}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_json_that_is_hostile_is_refused_everywhere(matcher: Running, body: bytes) -> None:
    """With 400, in our words, and nothing of it comes back."""
    addresses = ("/v1/lookup", "/v1/match", "/v1/pdq/", "/v1/responses", "/v1/opinions")
    with unharmed(matcher):
        for path in (*addresses, "/m/compare"):
            answer = matcher.client.post(path, content=body, headers=JSON)
            assert answer.status_code == 400, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert SIGNAL[:16] not in answer.text


def test_what_is_no_http_is_refused(matcher: Running) -> None:
    """Or contradicts itself."""
    both = head("/v1/lookup", Content_Length="5", Transfer_Encoding="chunked")
    with unharmed(matcher):
        for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"HELLO\r\n\r\n", both):
            with matcher.connect() as connection:
                connection.sendall(nonsense)
                assert status_of(connection) == 400
