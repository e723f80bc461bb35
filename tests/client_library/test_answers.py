"""What comes back: answers read, refusals as errors, nonsense refused, secrets kept."""

import io
import os
import time
import traceback
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import numpy as np
import pytest

from takeback import client as library
from takeback.client import (
    BadAnswer,
    KeyRefused,
    MalformedSignal,
    MatcherError,
    NotReadable,
    Refused,
    Response,
    TooLarge,
    TooLargeForProxy,
)
from takeback.client import errors as tree
from takeback.exchange import wire
from takeback.hashing import Signal
from takeback.matcher import documents
from tests.client_library.badserver import (
    MATCHES_NOTHING,
    BadServer,
    answers,
    repeats_what_it_got,
)
from tests.client_library.conftest import KEY, Opening

NUMBER = "0123456789abcdef" * 2
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


def refuses(status: int, name: str) -> Any:  # noqa: ANN401
    """Refuse as a matcher does."""
    document = {"type": f"urn:takeback:error:{name}", "detail": "some words", "hint": "Do this."}
    return answers(status, document, X_Request_ID="request-7")


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "malformed-body", Refused),
        (401, "not-signed-in", KeyRefused),
        (403, "not-allowed", KeyRefused),
        (413, "picture-too-large", TooLarge),
        (415, "not-a-picture", NotReadable),
        (415, "not-a-video", NotReadable),
        (422, "quality-too-low", Refused),
    ],
)
def test_a_refusal_is_an_error_with_a_hint(
    client: Any,  # noqa: ANN401
    server: BadServer,
    status: int,
    name: str,
    kind: type[MatcherError],
) -> None:
    """Its kind, the matcher's name of it, its words, and what to do."""
    server.behaviours.append(refuses(status, name))

    with pytest.raises(kind, match="some words") as refused:
        client.match(b"upload")

    assert type(refused.value) is kind
    assert (refused.value.status, refused.value.hint) == (status, "Do this.")
    assert refused.value.type == f"urn:takeback:error:{name}"
    assert (refused.value.request_id, refused.value.detail) == ("request-7", "some words")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        answers(200, content=b"<html>welcome</html>"),
        answers(200, content=b""),
        answers(200, content=b'{"results": 3}'),
        answers(200, content=b"\xff\xfe{}"),
        answers(200, content=b"[" * 100_000),
        answers(200, {"results": [], "missing": []}),
        answers(200, {"results": [MATCHES_NOTHING] * 2, "missing": []}),
        answers(301, Location="http://127.0.0.1:1/"),
        answers(404, content=b"nginx"),
        answers(400, content=b"nginx"),
    ],
)
def test_what_no_matcher_says_is_a_bad_answer(client: Any, server: BadServer, garbage: Any) -> None:  # noqa: ANN401
    """Never an empty answer, which would read as "no match"."""
    server.behaviours.append(garbage)

    with pytest.raises(BadAnswer) as failed:
        client.match(b"upload")

    assert failed.value.hint
    assert len(server.asked) == 1


def test_a_proxy_that_takes_no_such_size_is_not_the_matcher(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """No matcher has seen the upload: that is a fault to mend, and no word about the upload."""
    server.behaviours.append(answers(413, content=b"<html>nginx</html>"))

    with pytest.raises(TooLargeForProxy, match="proxy") as refused:
        client.match(b"upload")

    assert not isinstance(refused.value, Refused)
    assert "client_max_body_size" in refused.value.hint


def test_a_matcher_that_speaks_no_http_is_unavailable(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """Garbage instead of a status line."""
    server.behaviours += [lambda connection, _: connection.sendall(b"SSH-2.0\r\n\r\n")] * 100

    with pytest.raises(library.Unreachable):
        client.match(b"upload", within=0.3)


def test_no_error_and_no_repr_holds_the_key(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """Also where a server repeats it, and in the whole traceback."""
    server.behaviours.append(repeats_what_it_got)

    with pytest.raises(Refused) as refused:
        client.match(b"upload")

    shown = "".join(traceback.format_exception(refused.value))
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in shown + repr(refused.value) + refused.value.hint + repr(client)
    assert refused.value.request_id == ""
    assert refused.value.__context__ is None


def test_no_error_repeats_a_signal(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """Whatever the server says."""
    said = {"type": "urn:takeback:error:malformed-signal", "detail": f"{HEX} is odd", "hint": HEX}
    server.behaviours.append(answers(400, said))

    with pytest.raises(Refused) as refused:
        client.look_up([HEX])

    assert HEX[:16] not in str(refused.value) + refused.value.hint


def test_a_key_file_is_read_at_every_use(
    opened: Opening, server: BadServer, tmp_path: Path
) -> None:
    """So a rotated key needs no restart, and one that is gone is said to be."""
    file = tmp_path / "key"
    file.write_text("first-key\n")
    client = opened(server.url, file)
    client.match(b"1")
    file.write_text("second-key\n")
    client.match(b"2")
    file.unlink()

    with pytest.raises(KeyRefused):
        client.match(b"3")

    keys = [asked.headers["authorization"] for asked in server.asked]
    assert keys == ["Bearer first-key", "Bearer second-key"]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("ftp://matcher.example", None),
        ("matcher.example:8090", None),
        ("http://user:secret@matcher.example", None),
        ("http://matcher.example/?key=secret", None),
        ("http://matcher.example:0", None),
        ("http://[", None),
        ("http://matcher.example", "a-secret-key"),
        ("http://10.0.0.5:8090", "a-secret-key"),
        ("http://127.0.0.1.matcher.example", "a-secret-key"),
        ("https://matcher.example", "two words"),
        ("https://matcher.example", "line\nbreak"),
        ("https://matcher.example", ""),
    ],
)
def test_an_address_or_key_that_cannot_be_used_is_refused(
    opened: Opening, url: str, key: str | None
) -> None:
    """At once, and without being repeated."""
    with pytest.raises(ValueError, match=r"matcher|key") as refused:
        opened(url, key)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("https://matcher.example", {}),
        ("http://127.0.0.2:8090", {}),
        ("http://[::1]:8090", {}),
        ("http://localhost:8090", {}),
        ("http://matcher:8090", {"allow_http": True}),
        ("http://10.0.0.5:8090", {"allow_http": True}),
    ],
)
def test_keys_go_in_the_clear_only_where_that_was_allowed(
    opened: Opening, url: str, options: dict[str, bool]
) -> None:
    """This machine, HTTPS, or a network of which somebody said that it is theirs."""
    assert url in repr(opened(url, KEY, **options))


def test_every_form_of_an_upload_is_sent(client: Any, server: BadServer, tmp_path: Path) -> None:  # noqa: ANN401
    """A path, bytes, a file from where it stands, a pipe."""
    path = tmp_path / "upload"
    path.write_bytes(b"0123456789")
    reading, writing = os.pipe()
    os.write(writing, b"piped")
    os.close(writing)

    client.match(path)
    client.match(str(path))
    client.match(bytearray(b"bytes"))
    client.match(memoryview(b"view"))
    client.match(io.BytesIO(b"file"))
    with path.open("rb") as file, os.fdopen(reading, "rb") as pipe:
        file.seek(7)
        client.match(file)
        stands = file.tell()
        client.match(pipe)

    bodies = [asked.body for asked in server.asked]
    assert bodies == [
        b"0123456789",
        b"0123456789",
        b"bytes",
        b"view",
        b"file",
        b"789",
        b"piped",
    ]
    assert stands == 7
    assert {asked.headers["content-type"] for asked in server.asked} == {"application/octet-stream"}


def test_limit_and_views_travel_with_the_upload(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """In the address; all views are the matcher's own choice."""
    client.match(b"upload", limit=3)
    client.match(b"upload", limit=3, views="plain")

    lines = [asked.line for asked in server.asked]
    assert lines == [
        "POST /v1/match?limit=3 HTTP/1.1",
        "POST /v1/match?limit=3&views=plain HTTP/1.1",
    ]


def test_a_file_is_sent_again_from_its_beginning(
    client: Any,  # noqa: ANN401
    server: BadServer,
    tmp_path: Path,
) -> None:
    """After a failure half-way, all of it; more than one piece."""
    path = tmp_path / "upload"
    path.write_bytes(os.urandom(700_000))
    server.behaviours.append(answers(503))

    client.match(path)

    assert [asked.body == path.read_bytes() for asked in server.asked] == [True, True]


def test_a_path_that_cannot_be_read_is_an_oserror(client: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """As everywhere in Python."""
    with pytest.raises(FileNotFoundError):
        client.match(tmp_path / "nothing")


def test_a_path_that_is_no_regular_file_is_not_waited_for(client: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """A named pipe with nobody at its other end, a device that never ends, a folder."""
    os.mkfifo(tmp_path / "pipe")
    began = time.monotonic()

    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(OSError, match=r"Not a regular file|Is a directory"):
            client.match(path)

    assert time.monotonic() - began < 3


def test_signals_come_in_every_form(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """Digits, bytes, values, numbers, rows of an array."""
    content = bytes.fromhex(HEX)
    rows = np.frombuffer(content * 2, np.uint8).reshape(2, 32)

    answer = client.look_up([HEX.upper(), content, Signal(content), list(content), *rows])

    assert server.asked[0].signals == [HEX] * 6
    assert len(answer.results) == 6


@pytest.mark.parametrize("odd", ["", HEX[1:], HEX + "0", "g" * 64, b"31" * 15, 32, [256] * 32, [1]])
def test_what_is_no_signal_is_not_sent(client: Any, server: BadServer, odd: Any) -> None:  # noqa: ANN401
    """And is not repeated."""
    with pytest.raises(MalformedSignal) as refused:
        client.look_up([HEX, odd])

    assert HEX not in str(refused.value)
    assert server.asked == []


def test_many_signals_go_in_batches_and_come_back_in_order(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """10,000 at a time, and a hub that is missing once is missing."""
    results = [{**MATCHES_NOTHING, "quality": n} for n in range(3)]
    server.behaviours += [
        answers(200, {"results": results[:1] * 10_000, "missing": ["a.example"]}),
        answers(200, {"results": results[1:2] * 10_000, "missing": ["a.example", "b.example"]}),
        answers(200, {"results": results[2:], "missing": []}),
    ]

    answer = client.look_up(HEX for _ in range(20_001))

    assert [len(asked.signals) for asked in server.asked] == [10_000, 10_000, 1]
    assert [answer.results[n].quality for n in (0, 9_999, 10_000, 20_000)] == [0, 0, 1, 2]
    assert answer.missing == ["a.example", "b.example"]


def test_no_signals_are_not_asked_about(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """No request, no results."""
    assert client.look_up([]).results == []
    assert server.asked == []


def test_many_responses_go_in_batches(client: Any, server: BadServer) -> None:  # noqa: ANN401
    """As many as the matcher takes at once; what was new is counted."""
    server.behaviours += [answers(202, {"accepted": 100}), answers(202, {"accepted": 7})]
    responses = [Response(number=NUMBER, response="seen", hub="hub.example") for _ in range(120)]

    accepted = client.respond(responses)

    sent = [msgspec.json.decode(asked.body)["responses"] for asked in server.asked]
    assert accepted == 107
    assert [len(each) for each in sent] == [100, 20]
    assert len({one["id"] for each in sent for one in each}) == 120
    assert wire.Response(**{k: v for k, v in sent[0][0].items() if k != "hub"}).response == "seen"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (library.Match, documents.HubMatch),
        (library.Result, documents.MatchResult),
        (library.Answer, documents.MatchAnswer),
        (library.Response, documents.HubResponse),
        (library.Opinion, documents.HubOpinion),
        (library.Health, documents.Health),
        (library.HubHealth, documents.HubHealth),
    ],
)
def test_the_documents_have_the_members_of_the_matcher_s(
    ours: type[msgspec.Struct], theirs: type[msgspec.Struct]
) -> None:
    """No more and no fewer; both sides stay in step."""
    assert set(get_type_hints(ours)) == set(get_type_hints(theirs))


def test_words_of_a_newer_matcher_come_through() -> None:
    """A client is updated later than a matcher; nothing it does not know stops it."""
    match = {"number": NUMBER, "hub": "h", "bank": "new", "ask": "new", "view": "new", "extra": 1}
    answer = {"results": [{"matches": [match], "more": False, "ground": "x"}], "missing": []}

    read = msgspec.convert(answer, library.Answer)

    assert [(found.bank, found.ground) for found in read.matches] == [("new", "whole")]


def test_the_tree_of_errors_is_drawn_in_full() -> None:
    """Every error of the page stands in the picture, and is public."""
    kinds = {name for name, kind in vars(tree).items() if isinstance(kind, type)}

    assert all(name in (tree.__doc__ or "") for name in kinds)
    assert kinds <= set(library.__all__)
    assert all(getattr(tree, name).hint for name in kinds - {"MatcherError"})
