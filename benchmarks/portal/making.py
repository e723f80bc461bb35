"""A real Chromium that makes signals of files as a reporter's does, for the measurements.

The page is empty and on this machine; what makes the signals is what the portal serves, built
from the sources that lie here.
"""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import msgspec
from hatch_build import CLIENT, node
from playwright.sync_api import Page
from tests.browser.harness import started_chromium

from takeback.cases.wire import SignalDocument

PAGE: Final = '<!doctype html><meta charset="utf-8"><title>signals</title><input type="file">'

START: Final = """
() => new Promise((resolve) => {
  window.maker = new Worker("/signals.js", { type: "module" });
  window.maker.onmessage = () => resolve();
})
"""
"""Starts the Worker and waits for its first word, that it has loaded."""

MAKE: Final = """
() => new Promise((resolve) => {
  const [file] = document.querySelector("input").files;
  window.maker.onmessage = ({ data }) => {
    if (data.made || data.trouble) resolve(data);
  };
  window.maker.postMessage({ job: 1, file });
})
"""
"""Asks for the signals of the file that was picked; the answer says why if there are none."""


class Made(msgspec.Struct, rename="camel"):
    """The signals that a browser made of one picture; the other fields are for pages."""

    quality: int
    plain: list[SignalDocument]
    """What is registered in any case."""
    with_keypoints: list[SignalDocument]
    """The same and keypoints, once she says yes to them."""


class NotMade(Exception):
    """The browser made no signals of a file; the message is its reason."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes signals in a page that is open."""

    page: Page

    def make(self, picture: Path) -> Made:
        """Make the signals of a picture.

        Raises:
            NotMade: there are none.
        """
        self.page.locator("input").set_input_files(picture)
        answer = self.page.evaluate(MAKE)
        if "trouble" in answer:
            raise NotMade(answer["trouble"])
        return msgspec.convert(answer["made"], Made)


@contextmanager
def started_maker() -> Iterator[Maker]:
    """Build the scripts, start Chromium and open the page; end all of it on the way out.

    Raises:
        NoBrowser: there is no Chromium.
    """
    with tempfile.TemporaryDirectory() as folder, started_chromium() as browser:
        subprocess.run([node(), "build.mjs", folder], cwd=CLIENT, check=True)
        Path(folder, "index.html").write_text(PAGE, encoding="utf-8")
        with _served(folder) as address:
            page = browser.new_page()
            page.set_default_timeout(60_000)
            page.goto(address)
            page.evaluate(START)
            yield Maker(page)


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def _served(folder: str) -> Iterator[str]:
    """Serve a folder to this machine and yield its address."""
    handler = partial(_Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
