"""What reporters send: taken as described, or refused with the place and never the value."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.cases import intake
from takeback.cases.wire import (
    Choices,
    ItemDocument,
    PdqDocument,
    RegistrationDocument,
)
from takeback.errors import BadInput, MalformedBody, QualityTooLow
from takeback.settings import Settings
from tests.cases.world import document, item, signal

TODAY = date(2030, 3, 5)


def broken(**changes: object) -> RegistrationDocument:
    """Return a registration that some caller built without keeping its description."""
    return msgspec.structs.replace(document(item("a")), **changes)


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        (broken(kind="secret-kind"), "$.kind"),
        (broken(age_band=17), "$.age_band"),
        (broken(version=2), "$.version"),
        (broken(items=[item("a")] * 21), "$.items"),
        (
            broken(items=[ItemDocument([PdqDocument("A" * 64, 90)])]),
            "$.items[0].signals[0].value",
        ),
        (
            broken(items=[ItemDocument([PdqDocument("a" * 63, 90)])]),
            "$.items[0].signals[0].value",
        ),
        (
            broken(items=[ItemDocument([PdqDocument("a" * 64, 101)])]),
            "$.items[0].signals[0].quality",
        ),
        (broken(items=[ItemDocument([signal("a")] * 41)]), "$.items[0].signals"),
        (broken(text="x" * 4001), "$.text"),
        (broken(locators=[""]), "$.locators[0]"),
        (broken(choices=Choices(end_date="tomorrow")), "$.choices.end_date"),
        (broken(text="\ud800"), "$"),
    ],
)
def test_a_broken_document_names_the_place_only(sent: RegistrationDocument, place: str) -> None:
    """The message can be logged: it repeats nothing that was sent."""
    with pytest.raises(MalformedBody) as refused:
        intake.checked(sent)

    assert str(refused.value) == f"not as described at {place}"


def test_low_quality_is_refused_before_anything_is_stored() -> None:
    """Every item is looked at first."""
    with pytest.raises(QualityTooLow):
        intake.items([item("a"), ItemDocument([signal("b", quality=49)])])


def test_the_same_signal_twice_in_an_item_is_one() -> None:
    """A device that sends a view twice does no harm."""
    [new] = intake.items([item("a", "b", "a")])

    assert [one.content.hex() for one in new.signals] == [signal("a").value, signal("b").value]


def test_an_item_without_signal_and_locator_is_refused() -> None:
    """There would be nothing to protect and nowhere to look."""
    with pytest.raises(MalformedBody, match=r"items\[1\]"):
        intake.items([item("a"), item(note="only a note")])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  https://example.org/a  ", "https://example.org/a"),
        ("HTTPS://Example.ORG/Path?Q=A#B", "https://example.org/Path?Q=A#B"),
        ("http://example.onion", "http://example.onion"),
        ("https://예시.한국/방", "https://예시.한국/방"),
        ("t.me/SomeRoom", "t.me/SomeRoom"),
        ("@some_account", "@some_account"),
        ("the room called 'x', second floor", "the room called 'x', second floor"),
        ("tg://resolve?domain=x", "tg://resolve?domain=x"),
    ],
)
def test_a_locator_is_kept_in_one_form(typed: str, kept: str) -> None:
    """Web addresses get a lower-case head; everything else stays as typed."""
    assert intake.locators([typed], "locators") == (kept,)


@pytest.mark.parametrize("typed", ["   ", "https://", "https:///x", "http://a b", "a\nb", "a\0b"])
def test_a_locator_without_form_is_refused(typed: str) -> None:
    """Empty, broken or with hidden characters."""
    with pytest.raises(MalformedBody, match=r"locators\[0\]"):
        intake.locators([typed], "locators")


@pytest.mark.parametrize("typed", ["https://name:pin@example.org/", "https://name@example.org"])
def test_a_web_address_with_a_sign_in_is_refused(typed: str) -> None:
    """A password pasted along is not kept."""
    with pytest.raises(MalformedBody):
        intake.locators([typed], "locators")


@given(st.text(max_size=60))
def test_any_text_is_kept_or_refused(typed: str) -> None:
    """What is kept can be stored in either database, and reading it again changes nothing."""
    try:
        kept = intake.locators([typed], "locators")
    except BadInput:
        return
    assert intake.locators(kept, "locators") == kept
    assert "\0" not in kept[0]
    kept[0].encode()


def test_locators_that_mean_the_same_are_kept_once() -> None:
    """Order stays."""
    kept = intake.locators(["https://b.example/", "HTTPS://B.example/", "x"], "locators")

    assert kept == ("https://b.example/", "x")


@pytest.mark.parametrize("text", ["a\0b", "a\x1bb", "a\x85b"])
def test_text_with_control_characters_is_refused(text: str) -> None:
    """No keyboard writes them, and one database can't store the first."""
    with pytest.raises(MalformedBody, match="text"):
        intake.text(text, "text")


def test_text_keeps_its_lines() -> None:
    """Line breaks and tabs are what people write."""
    assert intake.text(" one\n\ttwo\r\n", "text") == "one\n\ttwo"


def test_an_end_date_lies_at_least_the_undo_time_ahead() -> None:
    """Whoever found the code can't use it to hurry a purge that nothing undoes."""
    near = Choices(end_date="2030-03-11")
    far = Choices(end_date="2030-03-12")

    with pytest.raises(MalformedBody, match="7 days"):
        intake.choices(near, TODAY, Settings())
    assert intake.choices(far, TODAY, Settings()).ends_on == date(2030, 3, 12)


@pytest.mark.parametrize("day", ["2030-02-30", "2030-13-01", "0000-00-00"])
def test_an_end_date_is_a_day_of_the_calendar(day: str) -> None:
    """The pattern alone lets these through."""
    with pytest.raises(MalformedBody, match="end_date"):
        intake.choices(Choices(end_date=day), TODAY, Settings())


def test_a_case_has_room_for_a_thousand_items() -> None:
    """And not for one more."""
    intake.check_room(980, 20)

    with pytest.raises(MalformedBody, match="open another"):
        intake.check_room(981, 20)
