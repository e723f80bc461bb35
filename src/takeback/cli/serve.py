"""``takeback serve``: the hub, in one process or split over several."""

from dataclasses import replace
from pathlib import Path

import click

from takeback.app import open_hub
from takeback.cli import talk
from takeback.cli.desk import data_option, settings_of
from takeback.clock import utc_now
from takeback.matching.exact.index import warm_up
from takeback.settings import Settings
from takeback.web import logging
from takeback.web.application import ROLES
from takeback.web.demo import DemoClock, claim
from takeback.web.portal.front import lacking
from takeback.web.portal.language import languages
from takeback.web.server import serve as serve_hub


@click.command()
@data_option
@click.option("--host", help="Address to listen on; also TAKEBACK_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; also TAKEBACK_PORT.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(sorted(ROLES)),
    help="Do only this part; may be repeated. Without it: everything, in one process.",
)
@click.option("--demo", is_flag=True, help="Loopback only, every page marked, clock movable.")
def serve(
    data: Path | None, host: str | None, port: int | None, roles: tuple[str, ...], demo: bool
) -> None:
    """Run a hub.

    Settings come from the environment (docs/reference/settings.md). Stops on SIGINT or
    SIGTERM once the requests under way are done. Prints its address on stdout.
    """
    settings = settings_of(data)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = replace(settings, **given)  # type: ignore[arg-type]
    served = frozenset(roles) or ROLES
    logging.configure()
    claim(settings.data, demo=demo)
    if "partner" in served:
        warm_up()  # no look-up waits for the compiler
    clock = DemoClock() if demo else None
    with open_hub(settings, now=clock or utc_now) as hub:
        if "portal" in served and not demo:
            _say_what_is_missing(settings)
        serve_hub(hub, settings, served, demo=clock, listening=_announce)


def _announce(url: str) -> None:
    click.echo(url)
    talk.say(f"listening on {url}")


def _say_what_is_missing(settings: Settings) -> None:
    """Say why the pages are not open to the public, if they are not."""
    lacks = lacking(settings, list(languages()), utc_now().date())
    if lacks:
        talk.say(f"the portal is not open yet, missing: {', '.join(each.what for each in lacks)}")
        talk.say("hint: `takeback portal check` says what to do")
