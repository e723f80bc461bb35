"""The hub's own machine: settings, the hub opened in this process, and who is asking.

Staff sign in with a key file of their own; where two people are needed, two files are named.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from takeback.cli.output import as_json
from takeback.errors import NotSignedIn
from takeback.settings import Settings, from_environment

if TYPE_CHECKING:
    from takeback.accounts.model import Action, Staff
    from takeback.app import Hub

P = ParamSpec("P")

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The hub's data directory; also TAKEBACK_DATA.",
)
key_option = click.option(
    "--as",
    "key_files",
    multiple=True,
    envvar="TAKEBACK_STAFF_KEY",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="KEYFILE",
    help="Your key file; twice where two people are needed. Also TAKEBACK_STAFF_KEY.",
)
yes_option = click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")


def settings_of(data: Path | None) -> Settings:
    """Read the settings from the environment, with ``--data`` in place of theirs."""
    settings = from_environment(os.environ)
    return settings if data is None else replace(settings, data=data)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every command of staff shares."""

    data: Path | None
    key_files: tuple[Path, ...]
    as_json: bool

    @contextmanager
    def hub(self) -> "Iterator[Hub]":
        """Open the hub in this process, beside the one that serves."""
        from takeback.app import open_hub  # here, so that naming the options loads no hub

        with open_hub(settings_of(self.data)) as hub:
            yield hub

    @contextmanager
    def sign_in(self, action: "Action | None" = None) -> "Iterator[tuple[Hub, Staff]]":
        """Open the hub as one member of staff.

        Args:
            action: what is about to be done, where the service called knows no staff.

        Raises:
            NotSignedIn: the key file's key opens nothing.
            NotAllowed: this person's role may not take *action*.
        """
        with self.hub() as hub:
            [person] = self._people(hub, 1)
            if action is not None:
                hub.staff.require(person, action)
            yield hub, person

    @contextmanager
    def sign_in_two(self) -> "Iterator[tuple[Hub, Staff, Staff]]":
        """Open the hub as two members of staff; the service checks that they differ."""
        with self.hub() as hub:
            first, second = self._people(hub, 2)
            yield hub, first, second

    def _people(self, hub: "Hub", count: int) -> "list[Staff]":
        if not self.key_files:
            raise click.UsageError("name your key file with --as")
        if len(self.key_files) != count:
            raise click.UsageError(f"this needs --as {count} times, not {len(self.key_files)}")
        return [_person(hub, file) for file in self.key_files]


def _person(hub: "Hub", key_file: Path) -> "Staff":
    try:
        return hub.staff.authenticate(key_file.read_text(errors="replace"))
    except NotSignedIn as refused:
        refused.hint = "A lost key file can't be replaced: a lead adds you anew, `takeback staff`."
        raise


def at_the_desk(command: Callable[Concatenate[Desk, P], None]) -> Callable[..., None]:
    """Give *command* the options of the desk, and the desk as its first argument."""

    @data_option
    @key_option
    @as_json
    @wraps(command)
    def at_desk(
        data: Path | None,
        key_files: tuple[Path, ...],
        as_json: bool,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        command(Desk(data, key_files, as_json), *args, **kwargs)

    return at_desk
