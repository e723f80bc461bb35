"""Signals as values, and packed for numpy."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.errors import MalformedSignal
from takeback.hashing import (
    MATCH_DISTANCE,
    MINIMUM_QUALITY,
    SIGNAL_BITS,
    SIGNAL_TYPE,
    Signal,
    array_to_signals,
    signals_to_array,
)

signals = st.binary(min_size=32, max_size=32).map(Signal)
ZERO = Signal(bytes(32))


@given(signals)
def test_printing_then_parsing_gives_the_same_signal(signal: Signal) -> None:
    """Printing and parsing are inverse."""
    assert Signal.parse(str(signal)) == signal


@given(st.text(max_size=70))
def test_whatever_parses_is_exactly_what_is_printed(text: str) -> None:
    """There is one way to write a signal, so texts can be compared like signals."""
    try:
        signal = Signal.parse(text)
    except MalformedSignal:
        return
    assert str(signal) == text


@given(signals, signals, signals)
def test_distance_is_a_metric(a: Signal, b: Signal, c: Signal) -> None:
    """Zero only for equals, symmetric, and never longer by a detour."""
    assert (a.distance(b) == 0) == (a == b)
    assert a.distance(b) == b.distance(a)
    assert a.distance(c) <= a.distance(b) + b.distance(c)


def test_the_negative_of_the_negative_is_the_signal_itself() -> None:
    """And the negative is as far from it as can be."""
    signal = Signal(bytes(range(32)))
    assert signal.inverted().inverted() == signal
    assert signal.distance(signal.inverted()) == SIGNAL_BITS


def test_complementary_signals_are_as_far_apart_as_can_be() -> None:
    """The largest distance is the number of bits."""
    assert ZERO.distance(Signal(b"\xff" * 32)) == SIGNAL_BITS == 256


def test_the_first_digit_holds_the_highest_bits() -> None:
    """Most significant bit first, as every PDQ tool writes it."""
    assert str(Signal(b"\x80" + bytes(31))) == "8" + "0" * 63


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_signal_has_32_bytes(length: int) -> None:
    """A cut signal never travels on as one."""
    with pytest.raises(MalformedSignal, match=f"got {length}"):
        Signal(bytes(length))


def test_a_refused_signal_is_not_repeated() -> None:
    """Errors end up in logs, and signals must not."""
    text = "ABCDEF" + "0" * 58

    with pytest.raises(MalformedSignal) as refused:
        Signal.parse(text)

    assert text not in str(refused.value)


def test_a_signal_cannot_be_changed() -> None:
    """What was registered stays what it was."""
    with pytest.raises(FrozenInstanceError):
        ZERO.bits = b""  # type: ignore[misc]


def test_signals_travel_between_processes() -> None:
    """A pool hands them back unharmed."""
    assert pickle.loads(pickle.dumps(ZERO)) == ZERO  # noqa: S301


@given(st.lists(signals, max_size=5))
def test_packing_then_unpacking_gives_the_same_signals(some: list[Signal]) -> None:
    """Arrays hold one signal a row, in order; none gives an array of no rows."""
    packed = signals_to_array(some)

    assert packed.shape == (len(some), 32)
    assert packed.dtype == np.uint8
    assert array_to_signals(packed) == some


def test_a_packed_array_belongs_to_the_caller() -> None:
    """Writing to it changes no signal."""
    packed = signals_to_array([ZERO])

    packed[0, 0] = 255

    assert ZERO.bits == bytes(32)


def test_the_constants_are_those_of_the_field() -> None:
    """Other tools assume these numbers; changing one silently would lose matches."""
    assert (SIGNAL_TYPE, MATCH_DISTANCE, MINIMUM_QUALITY) == ("pdq", 31, 50)
