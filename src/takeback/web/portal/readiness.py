"""What a hub lacks before its portal may open to the public.

Until nothing is missing, or in a demonstration, the pages say "not open yet" and offer no start.
The addresses that devices talk to know nothing of this: a support centre can use the command
line from the first day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from takeback.backup.archive import recipient_of
from takeback.errors import BadBackupKey
from takeback.settings import Settings
from takeback.web.portal.help.countries import Help
from takeback.web.portal.operator import Texts

LONGEST_RETENTION: Final = 3_650
"""Days: whoever keeps texts for more than ten years keeps them for ever."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a hub lacks before it may open."""

    what: str
    why: str
    """What people would be without."""

    hint: str
    """What the operator can do; one sentence."""


@dataclass(frozen=True, slots=True)
class Considered:
    """What is looked at."""

    settings: Settings
    texts: Mapping[str, Texts]
    help: Help
    languages: Sequence[str]
    """Which the portal speaks."""


def missing(considered: Considered) -> Sequence[Missing]:
    """Return what is missing, in the order in which an operator would see to it."""
    return [what for lacks, what in _CHECKS if lacks(considered)]


def _no_contact(considered: Considered) -> bool:
    """Tell whether somebody who reads a page in some language is not told how to reach anyone."""
    if considered.settings.contact.strip():
        return False
    texts = considered.texts
    return not all(each in texts and texts[each].contact.strip() for each in considered.languages)


def _no_help(considered: Considered) -> bool:
    return considered.help.reviewed() == 0


def _no_https(considered: Considered) -> bool:
    address = urlsplit(considered.settings.public_url)
    return address.scheme != "https" and not (address.hostname or "").endswith(".onion")


def _no_backups(considered: Considered) -> bool:
    try:
        recipient_of(considered.settings.backup_recipient)
    except BadBackupKey:
        return True
    return False


def _no_retention(considered: Considered) -> bool:
    return considered.settings.retention_days > LONGEST_RETENTION


_CHECKS: Final[Sequence[tuple[Callable[[Considered], bool], Missing]]] = (
    (
        _no_contact,
        Missing(
            "contact",
            "nobody who needs help can reach whoever runs this hub",
            "Set TAKEBACK_CONTACT, or `contact` in portal/texts.<language>.toml of each language.",
        ),
    ),
    (
        _no_help,
        Missing(
            "help pages",
            "no help page has an entry that somebody reviewed, so every one of them is empty",
            "Review at least one entry: docs/how-to/open-a-portal.md.",
        ),
    ),
    (
        _no_https,
        Missing(
            "https",
            "code and PIN would travel where anyone on the way can read them",
            "Put the hub behind TLS and set TAKEBACK_PUBLIC_URL to its https:// address.",
        ),
    ),
    (
        _no_backups,
        Missing(
            "backups",
            "a broken disk would end the protection of everybody who registered here",
            "Make a key pair with `takeback backup-key` and set TAKEBACK_BACKUP_RECIPIENT.",
        ),
    ),
    (
        _no_retention,
        Missing(
            "retention",
            "texts and locators of closed cases would be kept for ever",
            f"Set TAKEBACK_RETENTION_DAYS to {LONGEST_RETENTION} or less.",
        ),
    ),
)
