"""``takeback demo``: the main story, played by real programs on this machine."""

import re
from pathlib import Path

import click

from takeback.cli import talk
from takeback.cli.case.visit import hub_option

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")


@click.group(invoke_without_command=True)
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The picture to protect; without it a cup of coffee.",
)
@click.option("--exit", "leave", is_flag=True, help="Stop everything at the end of the story.")
@click.pass_context
def demo(ctx: click.Context, picture: Path | None, leave: bool) -> None:
    """Play the main story with real programs.

    Starts a hub and two matchers on loopback, with data of their own in a new temporary
    folder, and plays the story with ordinary photographs. Leaves the programs up until
    Ctrl-C, unless --exit. Exits 0 only if every step held.
    """
    if ctx.invoked_subcommand is None:
        from takeback.cli.demo.run import run_demo  # here: `demo advance` needs none of it

        ctx.exit(0 if run_demo(picture, leave=leave) else 1)


@demo.command()
@click.argument("days", metavar="4d", callback=lambda ctx, param, value: _days(value))
@hub_option
def advance(days: int, hub: str) -> None:
    """Move a demonstration's clock on.

    Only a hub that was started with --demo has such a clock.
    """
    from takeback.cli.demo.clock import advance_clock

    talk.say(f"the demonstration is now at {advance_clock(hub, days)}")


def _days(text: str) -> int:
    found = _DAYS.fullmatch(text)
    if found is None:
        raise click.BadParameter("expected a number of days, such as 4d")
    return int(found[1])
