"""Days, months and years of a source, written as a reader of the language would."""

from datetime import date

from babel import Locale
from babel.dates import format_date, format_skeleton


def when(text: str, language: str) -> str:
    """Write a year, month or day (``2020``, ``2020-12`` or ``2020-12-31``) out.

    Args:
        text: as an entry has it.
        language: the portal's code of it.
    """
    year, month, day = (int(part) for part in f"{text}-01-01".split("-")[:3])
    locale, known = Locale.parse(language.replace("-", "_")), text.count("-")
    if known == len(("month", "day")):
        return format_date(date(year, month, day), "long", locale)
    skeleton = "yMMMM" if known else "y"
    return format_skeleton(skeleton, date(year, month, 1), locale=locale)
