"""Groups whose commands are imported only when they run.

The one-line help stands in the group's table, so that listing commands imports none of
them; ``tests/cli/test_help.py`` holds each line to the command it describes.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is, and what it does in one line."""

    place: str
    """``module:attribute``."""
    help: str


class LazyGroup(click.Group):
    """A group that knows its commands by place."""

    def __init__(self, name: str, help_text: str, table: Mapping[str, Lazy]) -> None:
        """Make the group *name* out of *table*, in the table's order."""
        super().__init__(
            name, help=help_text, context_settings={"help_option_names": ["-h", "--help"]}
        )
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or return None when there is none of that name."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        module, attribute = entry.place.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])
