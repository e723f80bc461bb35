"""What the portal says of whoever runs the hub: settings, their own words, the platforms.

Their words are files ``portal/texts.<language>.toml`` in the data directory, all optional and
read once, when the portal is opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from takeback.accounts.model import Platform
from takeback.app import Hub
from takeback.settings import Settings
from takeback.web.portal.operatorfile import LONGEST, paragraphs, read, wrong

FOLDER: Final = "portal"
"""Where the operator's texts and help pages are, under the data directory."""

Text = Annotated[str, Meta(max_length=LONGEST)]


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """The operator's words in one language; an empty line begins a paragraph."""

    name: Annotated[str, Meta(max_length=100)] = ""
    """Who runs the hub, instead of ``TAKEBACK_HUB_NAME``."""

    contact: Text = ""
    """How to reach them, instead of ``TAKEBACK_CONTACT``."""

    about: Text = ""
    """Who they are and when somebody is there."""

    data: Text = ""
    """What happens with what people give, beyond what every hub does."""


@dataclass(frozen=True, slots=True)
class ListedPlatform:
    """A platform as the portal names it."""

    name: str
    handles_under_18: bool
    """Whether it may have signals of pictures of under-18s, and of who did not say."""


@dataclass(frozen=True, slots=True)
class Partner:
    """The organisation that keeps lists for pictures taken under 18."""

    name: str
    url: str
    """Where it takes reports; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFacts:
    """What a page may say of the hub, in one language. Plain text throughout."""

    name: str
    contact: Sequence[str]
    """Paragraphs; empty when nobody said how."""

    about: Sequence[str]
    """Paragraphs, or none."""

    data: Sequence[str]
    """Paragraphs, or none."""

    retention_days: int
    """Days after closing until texts and locators are erased."""

    undo_days: int
    lock_hours: int
    offers_keypoints: bool
    platforms: Sequence[ListedPlatform]
    """Those that can look up or receive signals now, by name."""

    under_18_partner: Partner | None

    @property
    def under_18_platforms(self) -> Sequence[ListedPlatform]:
        """Those of the platforms that may have signals of under-18s."""
        return [each for each in self.platforms if each.handles_under_18]


@dataclass(frozen=True, slots=True)
class Operator:
    """Answers what pages say of the hub."""

    hub: Hub
    texts: Mapping[str, Texts]
    """By language."""

    def name(self, language: str) -> str:
        """Return what a page in *language* calls whoever runs the hub."""
        return self._texts(language).name or self.hub.settings.hub_name

    def facts(self, language: str) -> OperatorFacts:
        """Return what a page in *language* may say, with the platforms as they are now."""
        settings, texts = self.hub.settings, self._texts(language)
        return OperatorFacts(
            name=self.name(language),
            contact=paragraphs(texts.contact or settings.contact),
            about=paragraphs(texts.about),
            data=paragraphs(texts.data),
            retention_days=settings.retention_days,
            undo_days=settings.undo_days,
            lock_hours=settings.lock_hours,
            offers_keypoints=settings.offer_keypoints,
            platforms=listed(self.hub.platforms.list()),
            under_18_partner=_partner(settings),
        )

    def _texts(self, language: str) -> Texts:
        return self.texts.get(language, Texts())


def read_texts(folder: Path, languages: Sequence[str]) -> Mapping[str, Texts]:
    """Read every ``texts.<language>.toml`` in *folder*.

    Raises:
        BadSettings: one of them is wrong, or in a language that the portal does not speak.
    """
    found = sorted(folder.glob("texts.*.toml"))
    return {_language(path, languages): read(path, Texts) for path in found}


def listed(platforms: Sequence[Platform]) -> Sequence[ListedPlatform]:
    """Return what the portal says of *platforms*: those that were not retired."""
    return [ListedPlatform(each.name, each.handles_under_18) for each in platforms if each.active]


def _language(path: Path, languages: Sequence[str]) -> str:
    """Return the language that a file's name says."""
    language = path.name.removeprefix("texts.").removesuffix(".toml")
    if language not in languages:
        raise wrong(path, f"the portal speaks {', '.join(languages)}; texts.<language>.toml")
    return language


def _partner(settings: Settings) -> Partner | None:
    if not settings.under_18_partner:
        return None
    return Partner(settings.under_18_partner, settings.under_18_partner_url)
