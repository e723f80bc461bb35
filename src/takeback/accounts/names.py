"""Names of platforms and staff, as people type them."""

import unicodedata

from takeback.errors import MalformedBody

LONGEST_NAME = 80


def checked_name(name: str) -> str:
    """Return the name in Unicode's composed form, without white space around it.

    Raises:
        MalformedBody: it is empty, longer than 80 characters, or has control characters.
    """
    tidy = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(tidy) <= LONGEST_NAME or not tidy.isprintable():
        raise MalformedBody(f"a name has 1 to {LONGEST_NAME} printable characters")
    return tidy
