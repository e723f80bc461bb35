"""A thread that looks after an index now and then, also when nothing changes any more."""

import threading
import weakref
from collections.abc import Callable
from contextlib import suppress

from takeback.errors import NotReady


class Tending:
    """Calls *tend* every so many *seconds* until it is closed, or its owner is gone.

    Args:
        tend: a method; its owner is not kept alive by this.
        seconds: between two calls.
    """

    def __init__(self, tend: Callable[[], None], seconds: float) -> None:
        self._tend = weakref.WeakMethod(tend)
        self._seconds = seconds
        self._over = threading.Event()
        threading.Thread(target=self._run, name="index-tending", daemon=True).start()

    def close(self) -> None:
        """Call it no more."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            tend = self._tend()
            if tend is None:
                return
            with suppress(NotReady):  # a full disk; the next change says so too
                tend()
            del tend
