"""``takeback warm-up``: compile at install what would otherwise be compiled at first use."""

import io

import click
import numpy as np
from PIL import Image

from takeback.cli import talk
from takeback.hashing import hash_picture, signals_to_array
from takeback.matching import Index


@click.command("warm-up")
def warm_up() -> None:
    """Compile the fast parts ahead of first use.

    The compiled code is kept beside the package, or where NUMBA_CACHE_DIR says.
    """
    talk.say("compiling the fast parts; this is done once")
    signal = hash_picture(_drawn()).whole
    index = Index()
    index.add(np.array([1]), signals_to_array([signal]))
    index.search(signals_to_array([signal]))


def _drawn() -> bytes:
    """Draw a picture, as PNG."""
    rows, columns = np.mgrid[0:256, 0:256]
    pixels = np.stack([rows ^ columns, rows, columns], axis=2).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
