"""The reference page says what the code does."""

from pathlib import Path

import pytest

import takeback.hashing
from takeback.hashing import PictureSignals, decode

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "hashing.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", takeback.hashing.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    """What is stable is written down."""
    assert f"`{name}" in PAGE


@pytest.mark.parametrize("name", [*PictureSignals.__dataclass_fields__, "whole"])
def test_every_field_is_documented(name: str) -> None:
    """As are the fields of what is returned."""
    assert f"`{name}`" in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    """A person who is refused can read why."""
    limits = (
        f"{decode.MAXIMUM_PIXELS:,} pixels",
        f"longer than {decode.MAXIMUM_SIDE:,}",
        f"{decode.MAXIMUM_BYTES >> 20} MiB",
        f"{decode.SCALED_SIDE} pixels",
    )

    for limit in limits:
        assert limit in PAGE
