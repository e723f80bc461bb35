"""Days on the command line."""

from datetime import date

import click


class Day(click.ParamType[str]):
    """A day of the calendar, or one of the words that may stand in its place."""

    name = "YYYY-MM-DD"

    def __init__(self, *words: str) -> None:
        """Take *words* as they are."""
        self.words = words
        self.name = "|".join([Day.name, *words])

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the day as it was written, once it is sure that there is one."""
        try:
            if value in self.words or date.fromisoformat(value).isoformat() == value:
                return value
        except ValueError:
            pass
        self.fail("expected a day like 2030-12-31", param, ctx)
