"""The locators of ``vectors/locators.json``, which the portal's page is held to as well."""

import json
from pathlib import Path

import pytest

from takeback.cases import intake
from takeback.errors import MalformedBody

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "locators.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["taken"], ids=lambda vector: str(vector["sent"]))
def test_a_locator_is_stored_as_the_device_sends_it(vector: dict[str, str]) -> None:
    """What was typed and what the device makes of it end as the same locator."""
    typed, sent = vector["typed"], vector["sent"]

    assert intake.locators([typed, sent], "locators") == (sent,)


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: str(vector["reason"]))
def test_a_locator_of_a_bad_form_is_refused(vector: dict[str, str]) -> None:
    """The device refuses it first; a client without that check fails here."""
    with pytest.raises(MalformedBody):
        intake.locators([vector["typed"]], "locators")
