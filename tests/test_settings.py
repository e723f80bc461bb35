"""Settings of the portal: wrong ones are refused at start, by name and never by value."""

import pytest

from takeback.errors import BadSettings
from takeback.settings import Settings, from_environment


@pytest.mark.parametrize("address", ["https://takeback.example", "http://abc.onion/notes", ""])
def test_an_address_of_a_site_is_taken(address: str) -> None:
    """And so is none at all."""
    assert from_environment({"TAKEBACK_PUBLIC_URL": address}).public_url == address


@pytest.mark.parametrize(
    "address",
    [
        "takeback.example",
        "javascript:alert(1)",
        "https://amina:secret@takeback.example",
        "https://takeback.example/?case=1",
        "https://takeback.example/#code",
        "https://",
    ],
)
@pytest.mark.parametrize("name", ["PUBLIC_URL", "EXIT_URL", "UNDER_18_PARTNER_URL"])
def test_what_is_no_address_of_a_site_is_refused(name: str, address: str) -> None:
    """It would stand in a link; the message has the name and not what was written."""
    with pytest.raises(BadSettings, match=f"TAKEBACK_{name}: expected https") as refused:
        from_environment({f"TAKEBACK_{name}": address})
    assert address.removeprefix("https://") == "" or address not in str(refused.value)


def test_nobody_is_left_without_a_way_out() -> None:
    """The neutral site has a default and can't be emptied."""
    assert Settings().exit_url == "https://www.wikipedia.org/"
    with pytest.raises(BadSettings, match="TAKEBACK_EXIT_URL"):
        from_environment({"TAKEBACK_EXIT_URL": ""})


def test_a_language_is_named_by_its_code() -> None:
    """Not by its name."""
    assert from_environment({"TAKEBACK_PORTAL_LANGUAGE": "ko"}).portal_language == "ko"
    with pytest.raises(BadSettings, match="TAKEBACK_PORTAL_LANGUAGE"):
        from_environment({"TAKEBACK_PORTAL_LANGUAGE": "Korean"})
