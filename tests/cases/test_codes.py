"""Code, PIN and slip: how they are typed, and what is stored of them."""

import pytest
from argon2 import Type
from argon2.low_level import hash_secret_raw
from hypothesis import given
from hypothesis import strategies as st

from takeback.cases.codes import (
    Digester,
    Secrets,
    argon2id,
    grouped,
    new_secrets,
    parse_code,
    parse_pin,
    parse_slip,
)
from takeback.cases.words import to_words
from takeback.errors import MalformedCode
from takeback.hubkeys import HubKeys
from takeback.ids import ALPHABET
from tests.cases.fakes import CountingKdf

CODE = "7m3k9x0q2v5t8"


@pytest.mark.parametrize(
    "typed",
    ["7m3k9x0q2v5t8", "7M3K9X0Q2V5T8", " 7m3k-9x0q2-v5t8 ", "7m3k9xoq2v5t8", "7m3k9xOq2v5t8"],
)
def test_a_code_is_read_as_people_write_it(typed: str) -> None:
    """Spaces, hyphens, capitals, and the letter o for a zero."""
    assert parse_code(typed) == CODE


@pytest.mark.parametrize("language", ["en", "ko"])
def test_six_words_open_like_the_code(language: str) -> None:
    """Words may be spread over lines."""
    assert parse_code("\n".join(to_words(CODE, language))) == CODE


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    """No text makes a parser fail in any other way, and what is read is in the alphabet."""
    for parse, length in ((parse_code, 13), (parse_slip, 25), (parse_pin, 6)):
        try:
            read = parse(typed)
        except MalformedCode:
            continue
        assert len(read) == length
        assert set(read) <= set(ALPHABET)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", "١٢٣٤٥٦"])
def test_a_pin_has_six_digits(typed: str) -> None:
    """Only 0 to 9 are digits of a PIN."""
    with pytest.raises(MalformedCode):
        parse_pin(typed)


def test_new_secrets_can_be_read_back() -> None:
    """What is shown once is what opens."""
    made = new_secrets()

    assert parse_code(made.code) == made.code
    assert parse_pin(made.pin) == made.pin
    assert grouped(parse_slip(made.slip)) == made.slip


def test_the_slow_step_is_argon2id_of_the_agreed_size() -> None:
    """19 MiB, two passes, one lane, version 1.3: held against the library's own call."""
    expected = hash_secret_raw(
        b"secret", b"0" * 16, 2, 19_456, 1, hash_len=32, type=Type.ID, version=19
    )

    assert argon2id(b"secret", b"0" * 16) == expected


def test_digests_depend_on_the_hubs_key() -> None:
    """A stolen database without the key file has nothing to compare guesses with."""
    made = Secrets(CODE, "123456", new_secrets().slip)

    mine = Digester.of(HubKeys(bytes(32)), CountingKdf()).digest(made)
    other = Digester.of(HubKeys(bytes([1]) * 32), CountingKdf()).digest(made)

    assert mine.code_mac != other.code_mac
    assert mine.slip_mac != other.slip_mac
    assert mine.pin_digest != other.pin_digest


def test_the_same_pin_of_two_codes_gives_two_digests() -> None:
    """PIN and code go into the slow step together."""
    digester = Digester.of(HubKeys(bytes(32)), CountingKdf())

    assert digester.pin_digest(CODE, "123456") != digester.pin_digest("8" * 13, "123456")
