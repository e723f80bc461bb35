"""Every sentence of the templates, and a pseudo-locale made of them.

The pseudo-locale is written from right to left, has six plural forms and marks each sentence,
so that a page shows at once what was not translated and what runs the wrong way.
"""

import re
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import GETTEXT_FUNCTIONS, babel_extract

from takeback.web.portal.language import LOCALE
from takeback.web.portal.pages import TEMPLATES

PSEUDO = "ar"
"""A language that has every difficulty at once; the words are not its own."""

MARK = "⟪"

_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}

_COUNTED = re.compile(r'plural\("([^"]+)",\s*"([^"]+)"\)')
"""Sentences that a script chooses among, since it alone knows the number."""

Sentence = tuple[str, ...]
"""A sentence, or its two English forms for one and for many."""


def sentences() -> set[Sentence]:
    """Return every sentence that a template asks for."""
    found: set[Sentence] = {("Notes",)}
    for template in sorted(Path(str(TEMPLATES)).rglob("*.html")):
        with template.open("rb") as file:
            for _, _, words, _ in babel_extract(file, GETTEXT_FUNCTIONS, [], _OPTIONS):
                forms = words if isinstance(words, tuple) else (words,)
                found.add(tuple(form for form in forms if form is not None))
        found |= set(_COUNTED.findall(template.read_text("utf-8")))
    return found


def parts(language: str) -> list[Traversable]:
    """Return the files of one language."""
    return [part for part in (LOCALE / language).iterdir() if part.name.endswith(".po")]


def translated(language: str) -> Iterator[tuple[Sentence, Sentence]]:
    """Yield each sentence of a language's files with its translation's forms."""
    for part in parts(language):
        with part.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                if message.id:
                    yield _forms(message.id), _forms(message.string)


def slots(text: str) -> set[str]:
    """Return the names that are filled into a sentence."""
    return set(re.findall(r"%\(\w+\)s|\{\w+\}", text))


def write_pseudo(locale: Path) -> Path:
    """Write the pseudo-locale beside a folder for each true language, and return the place."""
    catalog = Catalog(locale=PSEUDO)
    for one, *more in _all_sentences():
        if more:
            catalog.add((one, more[0]), tuple(_marked(more[0]) for _ in range(catalog.num_plurals)))
        else:
            catalog.add(one, _marked(one))
    place = locale / PSEUDO
    place.mkdir(parents=True)
    with (place / "all.po").open("wb") as file:
        write_po(file, catalog)
    return locale


def _all_sentences() -> set[Sentence]:
    """Return what templates ask for, and what only programs do: it stands in the Korean files."""
    asked = sentences()
    return asked | {sentence for sentence, _ in translated("ko") if sentence not in asked}


def _marked(text: str) -> str:
    return f"{MARK}{text}⟫"


def _forms(text: object) -> Sentence:
    return tuple(map(str, text)) if isinstance(text, list | tuple) else (str(text),)
