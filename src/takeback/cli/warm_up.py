"""``takeback warm-up``: compile at install what would otherwise be compiled at first use."""

import click

from takeback import hashing
from takeback.cli import talk
from takeback.matching.lookup import indexes


@click.command("warm-up")
def warm_up() -> None:
    """Compile the fast parts ahead of first use.

    The compiled code is kept beside the package, or where NUMBA_CACHE_DIR says.
    """
    with talk.working("compiling the fast parts, which is done once"):
        hashing.warm_up()
        indexes.warm_up()
