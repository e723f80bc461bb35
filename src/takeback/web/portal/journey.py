"""What the page from picking to code and PIN needs to know: offers, days, guardians, plurals.

Nothing here knows who asks. What was typed or picked stays in the page until she sends it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from babel import Locale

from takeback.app import Hub
from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.web.portal.help.countries import Help
from takeback.web.portal.help.entry import said
from takeback.web.portal.language import Words

SAMPLES: Final = (*range(200), 1_000_000)
"""Numbers among which every plural form of every language is found."""


def facts(hub: Hub, pages: Help) -> Callable[[Words], Mapping[str, object]]:
    """Return what tells a language's page all that differs from hub to hub and day to day.

    Args:
        hub: where the case is opened.
        pages: what may be said of guardians.
    """

    def in_language(words: Words) -> Mapping[str, object]:
        undo_days = hub.settings.undo_days
        return {
            "case_language": words.for_case,
            "first_end_date": (hub.now().date() + timedelta(days=undo_days)).isoformat(),
            "guardians": guardians(pages, words.code),
            "keypoints_sentence": KEYPOINTS_SENTENCE[words.for_case],
            "plural": lambda one, more: forms(words, one, more),
        }

    return in_language


def guardians(pages: Help, language: str) -> list[Mapping[str, object]]:
    """Return each country with what may be said there of guardians, which may be nothing."""
    return [
        {
            "code": each.country,
            "name": each.place.text,
            "entries": [
                {"said": said(entry.text, language), "reviewed": entry.reviewed}
                for entry in each.entries
            ],
        }
        for each in pages.guardians(language)
    ]


def forms(words: Words, one: str, more: str) -> Mapping[str, str]:
    """Return a sentence in each plural form of a language, by the form's name in CLDR.

    A page chooses among them with ``Intl.PluralRules`` and fills ``{count}`` in.
    """
    choose = Locale.parse(words.code.replace("-", "_")).plural_form
    firsts = {choose(number): number for number in reversed(SAMPLES)}
    return {form: words.translations.ungettext(one, more, n) for form, n in firsts.items()}
