"""Events: one text for each, and no room for what the log must not know."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.audit import ACTIONS, Event, Fact
from takeback.errors import IntegrityFailure
from takeback.ids import new_id, random_text

AT = datetime(2030, 3, 5, 12, 34, 56, 789, tzinfo=UTC)

commitments = st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex)
words = st.sampled_from(["other", "not_intimate", "shared", "under-18", "a.b:c"])
facts = st.booleans() | st.integers(0, 2**53 - 1) | words


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any event there can be."""
    action = draw(st.sampled_from(sorted(ACTIONS)))
    names = draw(st.sets(st.sampled_from(sorted(ACTIONS[action])))) if ACTIONS[action] else set()
    return Event(
        action,
        draw(st.sampled_from(["reporter", "worker", "operator"])),
        draw(st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
        draw(commitments),
        draw(commitments),
        {name: draw(facts) for name in names},
    )


@settings(max_examples=50)
@given(events())
def test_parsing_the_canonical_text_gives_the_same_event(event: Event) -> None:
    """Canonical and parse are inverse."""
    assert Event.parse(event.canonical()) == event


def test_the_canonical_text_is_sorted_and_has_no_spaces() -> None:
    """One event has one text, so that one hash stands for it."""
    event = Event("case.opened", "worker", AT, facts={"signals": 8, "items": 1})

    assert event.canonical() == (
        '{"action":"case.opened","actor":"worker","at":"2030-03-05T12:34:56Z",'
        '"case":null,"facts":{"items":1,"signals":8},"item":null}'
    )


CLOSED = Event("case.closed", "worker", AT).canonical()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"at":5}',
        '{"action":"case.closed"}',
        CLOSED.replace("case.closed", "no.such"),
        CLOSED.replace("T12:34:56Z", ""),
        CLOSED.replace(",", ", "),
        CLOSED.replace("{}", "[]"),
        CLOSED.replace("null}", 'null,"note":1}'),
        CLOSED.replace("worker", "amina"),
        CLOSED + " ",
    ],
)
def test_text_that_is_no_canonical_event_is_refused(text: str) -> None:
    """Whatever stands in the row, reading it never gives half an event."""
    with pytest.raises(IntegrityFailure):
        Event.parse(text)


def test_an_undeclared_action_is_refused() -> None:
    """The vocabulary is closed."""
    with pytest.raises(ValueError, match="no declared action"):
        Event("case.peeked", "worker", AT)


def test_a_fact_the_action_may_not_carry_is_refused() -> None:
    """Each action has its own facts and no others."""
    with pytest.raises(ValueError, match=r"case\.closed may not carry"):
        Event("case.closed", "worker", AT, facts={"kind": "shared"})


@pytest.mark.parametrize(
    "fact",
    [
        "a3" * 32,
        "A3" * 32,
        "a3" * 16,
        "-".join(["a3a3a3a3"] * 4),
        "7m3k9x0q2v5t8",
        "7m3k-9x0q-2v5t8",
        "7m3k9-x0q2v-5t8w1-z7m3k-9x0q2",
        "123456",
        "12-34-56",
        "two words",
        "https://example.org/a",
        "Amina",
        "사진",
        "",
        "x" * 65,
        "other\n",
        -1,
        2**53,
    ],
)
def test_no_fact_can_hold_a_signal_code_pin_or_text(fact: Fact) -> None:
    """Facts are yes or no, counts and short words; the refusal does not repeat the value."""
    with pytest.raises(ValueError, match="the fact reason") as refusal:
        Event("case.held", "worker", AT, facts={"reason": fact})

    assert not fact or str(fact) not in str(refusal.value)


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32))
def test_no_signal_passes_as_a_word(signal: bytes) -> None:
    """Every signal's text is refused."""
    with pytest.raises(ValueError, match="no word"):
        Event("case.held", "worker", AT, facts={"reason": signal.hex()})


@pytest.mark.parametrize("length", [13, 25])
def test_no_code_or_slip_passes_as_a_word(length: int) -> None:
    """Every case code's and recovery slip's text is refused."""
    for code in (random_text(length) for _ in range(50)):
        with pytest.raises(ValueError, match="no word"):
            Event("case.held", "worker", AT, facts={"reason": code})


@pytest.mark.parametrize("kind", ["platform", "staff", "key"])
def test_ids_of_platforms_staff_and_keys_are_words(kind: str) -> None:
    """These are no secret and belong to no reporter."""
    Event("case.held", "worker", AT, facts={"reason": new_id(kind)})


@pytest.mark.parametrize("kind", ["case", "item", "withdrawal"])
def test_no_fact_names_a_case(kind: str) -> None:
    """Only a commitment may, because only that ends with the purge."""
    with pytest.raises(ValueError, match="no word"):
        Event("case.held", "worker", AT, facts={"reason": new_id(kind)})


@pytest.mark.parametrize(
    "actor", ["", "amina", "staff:amina", "staff:", "Reporter", "reporter ", "platform:x_1"]
)
def test_an_actor_is_a_role_or_an_id(actor: str) -> None:
    """No name gets into the log as an actor."""
    with pytest.raises(ValueError, match="an actor is"):
        Event("case.closed", actor, AT)


@pytest.mark.parametrize("commitment", ["", "a3" * 31, "A3" * 32, "case_7m3k9x0q2v5t8w1z"])
def test_a_case_is_named_by_a_commitment_only(commitment: str) -> None:
    """Anything but 64 hexadecimal digits is refused."""
    with pytest.raises(ValueError, match="commitment"):
        Event("case.closed", "worker", AT, commitment)


@pytest.mark.parametrize(
    ("actor", "case", "text"),
    [
        ("reporter", None, "2030-03-05T00:00:00Z"),
        ("worker", "a3" * 32, "2030-03-05T00:00:00Z"),
        ("worker", None, "2030-03-05T12:34:56Z"),
        ("staff:staff_7m3k9x0q2v5t8w1z", "a3" * 32, "2030-03-05T12:34:56Z"),
    ],
)
def test_what_tells_of_the_reporter_bears_only_the_day(
    actor: str, case: str | None, text: str
) -> None:
    """Neither her own acts nor the worker's that follow them by days tell the hour."""
    event = Event("case.closed", actor, AT, case)

    assert f'"at":"{text}"' in event.canonical()


def test_times_are_turned_to_utc() -> None:
    """An aware time of another zone is the same instant."""
    seoul = AT.astimezone(timezone(timedelta(hours=9)))

    assert Event("demo.advanced", "operator", seoul) == Event("demo.advanced", "operator", AT)


def test_a_naive_time_is_refused() -> None:
    """Nobody knows which instant that was."""
    with pytest.raises(ValueError, match="time zone"):
        Event("case.closed", "worker", AT.replace(tzinfo=None))
