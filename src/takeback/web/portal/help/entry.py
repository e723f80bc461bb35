"""One entry of a help page: a body that helps, a rule of law, or what guardians are told.

An entry says where it was read, how far it was checked, since when it holds and who reviewed
it. Nobody adds one from memory: what has no source can't be written down here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from takeback.web.portal.operatorfile import LONGEST

Kind = Literal["body", "guardians", "law"]
"""What an entry is about; pages show them in this order."""

Ages = Literal["everyone", "adult", "under_18"]
"""For whom it is."""

Mark = Literal["P", "S"]
"""How far it was checked: read in the primary text, or in a secondary source. Of an entry with
several facts, the weakest."""

Spoken = Mapping[
    Annotated[str, Meta(pattern=r"\A[a-z]{2,3}\Z")], Annotated[str, Meta(max_length=LONGEST)]
]
"""The same words by language."""

DAY = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"


@dataclass(frozen=True, slots=True)
class Contact:
    """A number to call or an address to open."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words as a page shows them."""

    text: str
    language: str
    """Which language they are in: the page's own, if the entry has it."""


class Entry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry, as its file has it."""

    id: Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,39}\Z")]
    kind: Kind
    ages: Ages = "everyone"
    title: Spoken
    text: Spoken
    contacts: Annotated[
        tuple[Annotated[str, Meta(pattern=r"\A[A-Za-z0-9 .+/-]{1,100}\Z")], ...],
        Meta(max_length=8),
    ] = ()
    """Telephone numbers and addresses of sites, without ``https://``."""

    source: Annotated[str, Meta(min_length=1, max_length=500)]
    mark: Mark
    effective_from: Annotated[str, Meta(pattern=rf"\A({DAY})?\Z")]
    """Since when it holds: year, month or day. Empty: the source does not say."""

    checked_on: Annotated[str, Meta(pattern=rf"\A{DAY}\Z")]
    """When somebody last looked at the source."""

    reviewer: Annotated[str, Meta(max_length=200)] = ""
    """Who answers for it, by name. Nobody is shown an entry that has none."""

    reviewed_on: date | None = None

    def __post_init__(self) -> None:
        if not all(self.title.values()) or not self.title:
            raise ValueError("an empty title")
        if self.title.keys() != self.text.keys():
            raise ValueError("title and text in different languages")
        if self.reviewer != self.reviewer.strip():
            raise ValueError("reviewer: spaces at its ends")
        if bool(self.reviewer) != (self.reviewed_on is not None):
            raise ValueError("reviewer and reviewed_on go together")

    @property
    def reviewed(self) -> bool:
        """Whether somebody answers for it by name."""
        return bool(self.reviewer)

    def reached(self) -> list[Contact]:
        """Return the contacts with what a link to each opens."""
        return [Contact(each, _href(each)) for each in self.contacts]


def said(spoken: Spoken, language: str) -> Said:
    """Return the words in *language*, else in English, else in the first there is."""
    chosen = next((each for each in (language, "en") if each in spoken), next(iter(spoken)))
    return Said(spoken[chosen], chosen)


def _href(contact: str) -> str:
    """Return what opens a contact: a call for a number, else a site."""
    if any(each.isalpha() for each in contact):
        return f"https://{contact}"
    return f"tel:{contact.replace(' ', '')}"
