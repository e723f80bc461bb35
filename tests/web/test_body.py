"""Bodies are hostile: each is either the document that was asked for, or refused in our words."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.exceptions import HTTPException

from takeback.cases.wire import AccessRequest, RegistrationDocument
from takeback.errors import MalformedBody, TooBusy
from takeback.exchange.wire import MAX_LOOKUP, LookupRequest
from takeback.strictjson import MAX_DEPTH, decode
from takeback.web.body import Room, require_json

REGISTRATION = {"version": 1, "kind": "shared", "age_band": "adult", "language": "ko"}
SECRET = "tell-nobody"


def _body(**changes: object) -> bytes:
    return json.dumps(REGISTRATION | changes).encode()


def test_a_well_formed_body_is_read() -> None:
    """What the interface describes is decoded to its type."""
    document = decode(_body(text="도와주세요"), RegistrationDocument)

    assert document.text == "도와주세요"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b"null", "wrong value at $"),
        (b"{", "the body is not valid JSON"),
        (b"\xef\xbb\xbf" + _body(), "the body is not valid JSON"),
        (b'{"version": NaN}', "NaN and Infinity are not JSON"),
        (b'{"version": -Infinity}', "NaN and Infinity are not JSON"),
        (b'{"version": 1e999}', "a number is out of range"),
        (b'{"version": 1' + b"0" * 5000 + b"}", "the body is not valid JSON"),
        (b'{"version": 1, "version": 1}', "a key is given twice in one object"),
        (b'{"text": "\xff"}', "the body is not valid UTF-8"),
        (b'{"text": "\xed\xa0\x80"}', "the body is not valid UTF-8"),
        (b'{"text": "\\ud800"}', "a text holds a character that is none"),
        (b'{"\\udc00": 1}', "a text holds a character that is none"),
        (b'{"text": "\\u0000"}', "a text holds a character that is none"),
        (b"[" * 33 + b"]" * 33, f"the body is nested more than {MAX_DEPTH} deep"),
        (b'{"a":' * 100_000, f"the body is nested more than {MAX_DEPTH} deep"),
        (_body(kind=SECRET), "wrong value at $.kind"),
        (_body(version="1"), "wrong value at $.version"),
        (_body(**{SECRET: 1}), "unknown field at $"),
        (_body(choices={SECRET: 1}), "unknown field at $.choices"),
        (_body(text="x" * 4001), "wrong value at $.text"),
        (
            _body(items=[{"signals": [{"value": "a" * 64, "quality": 90}]}]),
            "missing field type at $.items[0].signals[0]",
        ),
        (
            _body(items=[{"signals": [{"type": "kp2", "value": "aaaa"}]}]),
            "wrong value at $.items[0].signals[0].type",
        ),
        (
            _body(items=[{"signals": [{"type": "kp1", "value": "a+a="}]}]),
            "wrong value at $.items[0].signals[0].value",
        ),
        (
            _body(items=[{"signals": [{"type": "kp1", "value": "a" * 3_737}]}]),
            "wrong value at $.items[0].signals[0].value",
        ),
        (
            _body(items=[{"signals": [{"type": "video1", "value": "a" * 400_001}]}]),
            "wrong value at $.items[0].signals[0].value",
        ),
        (
            _body(items=[{"signals": [{"type": "pdq", "quality": 1}]}]),
            "missing field value at $.items[0].signals[0]",
        ),
        (
            _body(items=[{"signals": [{"type": "pdq", "value": "A" * 64, "quality": 1}]}]),
            "wrong value at $.items[0].signals[0].value",
        ),
        (
            _body(items=[{"signals": [{"type": "pdq", "value": "a" * 63, "quality": 1}]}]),
            "wrong value at $.items[0].signals[0].value",
        ),
        (
            _body(items=[{"signals": [{"type": "pdq", "value": "a" * 64, "quality": 101}]}]),
            "wrong value at $.items[0].signals[0].quality",
        ),
    ],
)
def test_a_bad_body_is_refused_in_our_own_words(body: bytes, words: str) -> None:
    """The message names the place and the kind of fault, and nothing that was sent."""
    with pytest.raises(MalformedBody) as refusal:
        decode(body, RegistrationDocument)

    assert str(refusal.value) == words
    assert refusal.value.hint


def test_a_value_can_not_pass_itself_off_as_a_place() -> None:
    """Msgspec repeats a wrong enum value; what looks like a place inside it is not repeated."""
    with pytest.raises(MalformedBody) as refusal:
        decode(_body(kind=f"x - at `$.{SECRET}`"), RegistrationDocument)

    assert str(refusal.value) == "wrong value at $.kind"


def test_nesting_as_deep_as_allowed_is_a_matter_of_the_type() -> None:
    """Up to the limit the document's own type decides."""
    with pytest.raises(MalformedBody, match="wrong value"):
        decode(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, RegistrationDocument)


def test_brackets_inside_a_text_are_no_nesting() -> None:
    """A text may hold anything that can be written."""
    text = '[{"' * 40 + "\\"

    assert decode(_body(text=text), RegistrationDocument).text == text


def test_a_lookup_of_ten_thousand_signals_is_read() -> None:
    """The largest look-up that is allowed is decoded whole."""
    signals = [f"{number:064x}" for number in range(MAX_LOOKUP)]

    assert decode(msgspec.json.encode({"signals": signals}), LookupRequest).signals == signals


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """There is no third outcome: no other error, whatever arrives."""
    with pytest.raises(MalformedBody):
        decode(body, AccessRequest)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["access", "code", "pin", "slip"]), _json))
def test_any_json_is_read_or_refused(value: object) -> None:
    """JSON of another shape is refused too, surrogates and NaN included."""
    with pytest.raises(MalformedBody):
        decode(json.dumps(value).encode(), AccessRequest)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        'application/json;charset="UTF-8"',
    ],
)
def test_json_in_utf8_is_taken(content_type: str) -> None:
    """The charset may be named if it is the one there is."""
    require_json(content_type, None)
    require_json(content_type, "identity")


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("", None),
        ("text/plain", None),
        ("image/jpeg", None),
        ("multipart/form-data; boundary=x", None),
        ("application/x-www-form-urlencoded", None),
        ("application/json; charset=utf-16", None),
        ("application/json, image/jpeg", None),
        ("application/jsonp", None),
        ("application/json", "gzip"),
        ("application/json", "deflate, identity"),
    ],
)
def test_anything_else_is_refused_by_its_type(content_type: str, encoding: str | None) -> None:
    """No picture, no form, no other charset, nothing compressed."""
    with pytest.raises(HTTPException) as refusal:
        require_json(content_type, encoding)

    assert refusal.value.status_code == 415


def test_bodies_on_their_way_share_a_room() -> None:
    """What does not fit is refused and takes nothing; what has arrived makes room."""
    room = Room(100)
    room.take(70)

    with pytest.raises(TooBusy):
        room.take(31)
    room.take(30)
    assert room.free == 0
