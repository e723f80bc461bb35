"""What the tests need and can't bring along, told before they start: all of it at once."""

import sys
from collections.abc import Callable

from tests.browser.harness import NoBrowser, chromium_program, firefox_program
from tests.postgres import HOW_TO_GET_IT, server_binaries


def missing() -> list[str]:
    """Return a sentence for each thing that isn't there, with how to get it."""
    postgres = [] if server_binaries() else [HOW_TO_GET_IT]
    return [*postgres, *_without(chromium_program), *_without(firefox_program)]


def _without(find: Callable[[], object]) -> list[str]:
    try:
        find()
    except NoBrowser as problem:
        return [str(problem)]
    return []


if __name__ == "__main__":
    sys.exit("\n".join(missing()) or None)
