"""A code as six words: the same bits, in both languages, and half of all slips caught."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.cases.words import CODE_LENGTH, from_words, to_words
from takeback.errors import MalformedCode
from takeback.ids import ALPHABET

codes = st.text(ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
languages = st.sampled_from(["en", "ko"])


@given(codes, languages)
def test_words_say_the_same_code(code: str, language: str) -> None:
    """to_words and from_words are inverse."""
    assert from_words(to_words(code, language)) == code


@given(codes, languages, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_case_and_unicode_form_do_not_matter(code: str, language: str, form: str) -> None:
    """What a phone's keyboard writes is read, composed or decomposed."""
    typed = [
        unicodedata.normalize(form, word).upper()  # type: ignore[arg-type]
        for word in to_words(code, language)
    ]

    assert from_words(typed) == code


def test_about_half_of_all_slips_are_caught_at_once() -> None:
    """The sixth word's last bit checks the other sixty-five."""
    chance = random.Random(7)
    caught = 0
    for _ in range(400):
        words = to_words("".join(chance.choices(ALPHABET, k=CODE_LENGTH)), "en")
        place = chance.randrange(6)
        words[place] = to_words("".join(chance.choices(ALPHABET, k=CODE_LENGTH)), "en")[place]
        try:
            from_words(words)
        except MalformedCode:
            caught += 1

    assert 140 < caught < 260


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["abandon"] * 5,
        ["abandon"] * 7,
        ["nonsense"] * 6,
        ["abandon", "ability", "able", "about", "above", "가격"],
        ["abandon", "ability", "able", "about", "above", ""],
    ],
)
def test_what_is_no_list_of_six_words_is_refused(words: list[str]) -> None:
    """Too few, too many, unknown, or of two languages."""
    with pytest.raises(MalformedCode):
        from_words(words)
