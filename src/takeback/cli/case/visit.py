"""A reporter's visit to her case: which hub, which code and PIN, how to print the receipt."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from takeback.cases.wire import Access, Receipt
from takeback.cli.access import read_access
from takeback.cli.case.receipt import receipt_lines
from takeback.cli.output import as_json, emit
from takeback.cli.reporterhub import ReporterHub, reporter_hub

P = ParamSpec("P")

hub_option = click.option(
    "--hub",
    envvar="TAKEBACK_HUB",
    required=True,
    metavar="URL",
    help="The hub's address; also TAKEBACK_HUB.",
)
secrets_option = click.option(
    "--secrets-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read code, PIN and slip from FILE (JSON), as `case open --save` wrote it.",
)
slip_option = click.option(
    "--with-slip", is_flag=True, help="Send the recovery slip too, after too many wrong PINs."
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What the commands of one open case share."""

    hub: str
    secrets_file: Path | None
    with_slip: bool
    as_json: bool

    @contextmanager
    def begin(self) -> Iterator[tuple[ReporterHub, Access]]:
        """Read code and PIN, then connect to the hub."""
        keys = read_access(self.secrets_file, with_slip=self.with_slip)
        with reporter_hub(self.hub) as hub:
            yield hub, keys

    def show(self, receipt: Receipt) -> None:
        """Print the receipt."""
        emit(receipt, lambda: receipt_lines(receipt), as_json=self.as_json)


def visiting(command: Callable[Concatenate[Visit, P], None]) -> Callable[..., None]:
    """Give *command* the options of a visit, and the visit as its first argument."""

    @hub_option
    @secrets_option
    @slip_option
    @as_json
    @wraps(command)
    def visit(
        hub: str,
        secrets_file: Path | None,
        with_slip: bool,
        as_json: bool,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        command(Visit(hub, secrets_file, with_slip, as_json), *args, **kwargs)

    return visit
