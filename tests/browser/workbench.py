"""A bare page that makes signals of files, as the portal's pages do, and then has no network.

What runs in it is bundled from the sources. Its policy forbids every connection, and the server
is gone before the first file is picked: whatever comes out was made in the browser.
"""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import msgspec
from hatch_build import CLIENT, install_packages, node
from playwright.sync_api import Browser, FilePayload, Page

from takeback.cases.wire import SignalDocument
from takeback.hashing.signal_types import SignalType, from_text
from takeback.hashing.video_signals import VideoSignals

POLICY: Final = "default-src 'none'; script-src 'self'; worker-src 'self'; media-src blob:"

PAGE: Final = '<!doctype html><meta charset="utf-8"><title>-</title><input type="file">'

START: Final = """
async () => {
  const { SignalMaker } = await import("/client.js");
  window.maker = new SignalMaker("/worker.js");
  await window.maker.ready;
  window.addresses = new Set();
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (it) => {
    const address = createObjectURL(it);
    window.addresses.add(address);
    return address;
  };
  URL.revokeObjectURL = (it) => {
    window.addresses.delete(it);
    revokeObjectURL(it);
  };
}
"""
"""Loads the scripts, and keeps count of the addresses that files are given."""

MAKE: Final = """
async ({ stopAfter, restsAt }) => {
  const [file] = document.querySelector("input").files;
  const stop = new AbortController();
  const shares = [];
  let asked = 0;
  const rested = [];
  const on = (share) => {
    shares.push(share);
    if (shares.length === stopAfter) stop.abort();
  };
  const paused = async () => {
    if (++asked !== restsAt) return;
    const before = shares.length;
    await new Promise((done) => setTimeout(done, 300));
    rested.push(shares.length - before);
  };
  const told = { shares, rested };
  try {
    return { ...told, made: await window.maker.video(file, on, stop.signal, paused) };
  } catch (error) {
    return { ...told, trouble: error.trouble ?? String(error) };
  }
}
"""


class Signals(msgspec.Struct, rename="camel"):
    """What the browser made of a video."""

    quality: int
    frames: int
    complete: bool
    plain: list[SignalDocument]
    with_keypoints: list[SignalDocument]

    def packed(self, *, keypoints: bool = False) -> bytes:
        """Return the packed video that would be registered."""
        documents = self.with_keypoints if keypoints else self.plain
        return from_text(SignalType.VIDEO, documents[0].value)

    def unpacked(self, *, keypoints: bool = False) -> VideoSignals:
        """Return it as a hub reads it."""
        return VideoSignals.unpack(self.packed(keypoints=keypoints))


class Told(msgspec.Struct):
    """What came of a video, and what the page was told on the way."""

    shares: list[float]
    rested: list[int]
    made: Signals | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Workbench:
    """A page that is open."""

    page: Page

    def make(self, video: bytes | Path, *, stop_after: int = 0, rests_at: int = 0) -> Told:
        """Make the signals of a video.

        Args:
            video: its bytes, or where it lies.
            stop_after: after so many words about progress she stops it.
            rests_at: at which step she pauses for a moment.
        """
        whole = video.read_bytes() if isinstance(video, Path) else video
        picked = FilePayload(name="1", mimeType="", buffer=whole)
        self.page.locator("input").set_input_files(picked)
        told = self.page.evaluate(MAKE, {"stopAfter": stop_after, "restsAt": rests_at})
        return msgspec.convert(told, Told)

    def signals(self, video: bytes | Path) -> Signals:
        """Make the signals of a video that has some."""
        told = self.make(video)
        assert told.made, told.trouble
        return told.made

    def addresses(self) -> int:
        """Return how many files still have an address."""
        return int(self.page.evaluate("window.addresses.size"))


@contextmanager
def opened_workbench(chromium: Browser, folder: Path) -> Iterator[Workbench]:
    """Bundle the scripts into *folder*, open the page, and end the server that it came from."""
    bundle(folder)
    page = chromium.new_page()
    with serving(folder) as address:
        page.goto(address)
        page.evaluate(START)
    yield Workbench(page)
    page.close()


BUNDLE: Final = """
import { build } from "esbuild";
const entryPoints = ["src/signals/client.ts", "src/signals/worker.ts"];
await build({ entryPoints, outdir: process.argv[1], bundle: true, format: "esm" });
"""


def bundle(folder: Path) -> None:
    """Write what the page loads."""
    install_packages()
    Path(folder, "index.html").write_text(PAGE, encoding="utf-8")
    command = [node(), "--input-type=module", "--eval", BUNDLE, str(folder)]
    subprocess.run(command, cwd=CLIENT, check=True)


class _Strict(SimpleHTTPRequestHandler):
    """Serves a folder with the policy, and says nothing of it."""

    def end_headers(self) -> None:
        """Add the policy to every answer."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder to this machine and yield its address."""
    handler = partial(_Strict, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
