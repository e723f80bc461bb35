"""What the portal gets from its operator, together: words, help pages, and whether it is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from takeback.app import Hub
from takeback.errors import BadSettings
from takeback.settings import Settings
from takeback.web.portal.help.countries import Help, open_help
from takeback.web.portal.language import Words
from takeback.web.portal.operator import FOLDER, Operator, read_texts
from takeback.web.portal.readiness import Considered, Missing, missing


@dataclass(frozen=True, slots=True)
class Front:
    """What pages say that differs from hub to hub."""

    operator: Operator
    help: Help
    open: bool
    """Whether cases can be opened on its pages: nothing is missing, or it is a demonstration."""

    def facts(self, words: Words) -> Mapping[str, object]:
        """Return what every page of one language knows: ``is_open``, ``hub_name``, ``operator()``.

        The last asks when a page is shown, because platforms come and go.
        """
        return {
            "is_open": self.open,
            "hub_name": self.operator.name(words.code),
            "operator": partial(self.operator.facts, words.code),
        }


def open_front(hub: Hub, languages: Sequence[str], *, demo: bool) -> Front:
    """Read the operator's files.

    Args:
        hub: whose portal it is.
        languages: which the portal speaks.
        demo: whether it is a demonstration, which is always open and marks what nobody reviewed.

    Raises:
        BadSettings: a file of the operator's is wrong; the message names it and the place in it.
    """
    considered = consider(hub.settings, languages, hub.now().date(), demo=demo)
    is_open = demo or not missing(considered)
    return Front(Operator(hub, considered.texts), considered.help, is_open)


def consider(
    settings: Settings, languages: Sequence[str], today: date, *, demo: bool = False
) -> Considered:
    """Read what decides whether the portal may open. Needs no database.

    Raises:
        BadSettings: a file of the operator's is wrong, or the portal does not speak its first
            language.
    """
    if settings.portal_language not in languages:
        raise BadSettings(f"TAKEBACK_PORTAL_LANGUAGE: the portal speaks {', '.join(languages)}")
    folder = settings.data / FOLDER
    pages = open_help(folder / "help", today, demo=demo)
    return Considered(settings, read_texts(folder, languages), pages, languages)


def lacking(settings: Settings, languages: Sequence[str], today: date) -> Sequence[Missing]:
    """Return what a hub lacks before its portal opens.

    Raises:
        BadSettings: a file of the operator's is wrong.
    """
    return missing(consider(settings, languages, today))
