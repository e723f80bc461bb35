"""The reference pages and the code say the same."""

import re

import pytest

from takeback import errors
from tests.docs.reference import GENERATED, PAGES, every_error, page


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    """After a change: ``python -m tests.docs.reference``."""
    assert (PAGES / name).read_text() == page(name)


def test_the_error_tree_names_every_error() -> None:
    """The picture at the top of errors.py is complete, and shows nothing else."""
    tree = errors.__doc__ or ""
    drawn = re.findall(r"^ {4}(?:[│ ]   )*(?:[├└]── )?([A-Z]\w+)", tree, re.MULTILINE)

    assert sorted(drawn) == sorted(kind.__name__ for kind in every_error())


def test_every_hint_is_a_sentence() -> None:
    """Portal and command line show the same hint; each ends where a sentence ends."""
    for kind in every_error():
        assert kind.hint == "" or kind.hint.endswith("."), kind.__name__
