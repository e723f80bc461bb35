"""A case code as six words, and back: the same 65 bits and one bit to catch a slip.

Six words of 2,048 carry 66 bits. The last one is a check bit, so half of all slips are
told at once, before anything is looked up. Word lists: BIP 39, English and Korean.
"""

import unicodedata
from functools import cache
from hashlib import sha256
from typing import Final

from mnemonic import Mnemonic

from takeback.errors import MalformedCode
from takeback.ids import ALPHABET

CODE_LENGTH: Final = 13
WORDS: Final = 6
BITS_PER_WORD: Final = 11
LISTS: Final = {"en": "english", "ko": "korean"}


def to_words(code: str, language: str) -> list[str]:
    """Say *code*, 13 base-32 characters, in six words of *language* (``en`` or ``ko``)."""
    number = 0
    for character in code:
        number = number << 5 | ALPHABET.index(character)
    number = number << 1 | _check_bit(code)
    words = _list(LISTS[language])
    steps = range(WORDS - 1, -1, -1)
    return [words[number >> BITS_PER_WORD * step & 0x7FF] for step in steps]


def from_words(words: list[str]) -> str:
    """Return the code that six words of one language say; case and accents' form don't matter.

    Raises:
        MalformedCode: a word is in no list, or one of them is wrong.
    """
    number = 0
    for position in _positions([_plain(word) for word in words]):
        number = number << BITS_PER_WORD | position
    code = _base32(number >> 1)
    if number & 1 != _check_bit(code):
        raise MalformedCode("one of the six words is wrong, or they are in another order")
    return code


def _positions(words: list[str]) -> list[int]:
    if len(words) == WORDS:
        for name in LISTS.values():
            places = _places(name)
            if all(word in places for word in words):
                return [places[word] for word in words]
    raise MalformedCode("these are not six words of one language's list")


def _base32(number: int) -> str:
    steps = range(CODE_LENGTH - 1, -1, -1)
    return "".join(ALPHABET[number >> 5 * step & 31] for step in steps)


def _check_bit(code: str) -> int:
    return sha256(b"takeback/words:" + code.encode()).digest()[0] & 1


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold()


@cache
def _list(name: str) -> tuple[str, ...]:
    return tuple(_plain(word) for word in Mnemonic(name).wordlist)


@cache
def _places(name: str) -> dict[str, int]:
    return {word: place for place, word in enumerate(_list(name))}
