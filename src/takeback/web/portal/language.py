"""The portal's words in each language, read from ``locale`` at the start.

A language is a folder ``locale/<language>`` of ``.po`` files; adding one is adding files. The
sentences of the templates are English, so English needs none. Which language somebody reads
is her choice alone: nothing here knows where she is or what her browser prefers.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, get_args

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from takeback.cases.wire import Language
from takeback.errors import NotFound

SOURCE: Final = "en"
"""The language that the templates are written in."""

LOCALE: Final = files("takeback.web.portal") / "locale"
"""Where the words of the others are."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language of the portal."""

    code: str
    """As it stands in addresses and in ``lang``, like ``ko``."""

    name: str
    """What it calls itself."""

    direction: str
    """``ltr`` or ``rtl``."""

    translations: NullTranslations

    @property
    def for_case(self) -> Language:
        """The language that a case gets which is opened here; English where a case has no other."""
        return self.code if self.code in get_args(Language) else "en"  # type: ignore[return-value]


def languages(locale: Traversable = LOCALE) -> Mapping[str, Words]:
    """Return every language there is, English first, by its code."""
    found = sorted(place.name for place in locale.iterdir() if place.is_dir())
    return {code: _words(code, locale) for code in [SOURCE, *found]}


def named(words: Mapping[str, Words], code: str) -> Words:
    """Return the language that an address asks for.

    Raises:
        NotFound: the portal does not speak it.
    """
    if code not in words:
        raise NotFound("there is nothing at this address")
    return words[code]


def _words(code: str, locale: Traversable) -> Words:
    about = Locale.parse(code.replace("-", "_"))
    name = about.get_language_name(code) or code
    parts = [] if code == SOURCE else _parts(locale / code)
    return Words(code, name[0].upper() + name[1:], about.text_direction, _joined(code, parts))


def _parts(place: Traversable) -> list[Traversable]:
    return sorted((part for part in place.iterdir() if part.name.endswith(".po")), key=_name)


def _name(part: Traversable) -> str:
    return part.name


def _joined(code: str, parts: Iterable[Traversable]) -> NullTranslations:
    """Return the words of all parts; the plural forms are those that the first part names."""
    read = [_compiled(code, part) for part in parts]
    joined = read[0] if read else Translations()
    for more in read[1:]:
        joined.merge(more)
    return joined


def _compiled(code: str, part: Traversable) -> Translations:
    with part.open("rb") as file:
        catalog = read_po(file, locale=code.replace("-", "_"), abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)
