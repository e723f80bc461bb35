"""Running the demonstration from beginning to end."""

import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

import click
import msgspec

from takeback.cases.wire import Opened
from takeback.cli import talk
from takeback.cli.case.items import prepare_file
from takeback.cli.demo.pictures import Photograph, photograph
from takeback.cli.demo.stage import Stage, set_up
from takeback.cli.demo.story import Story
from takeback.cli.demo.telling import Telling
from takeback.cli.demo.videos import draw_videos
from takeback.cli.privatefile import write_new
from takeback.errors import QualityTooLow
from takeback.hashing import MINIMUM_QUALITY

LOOK_AROUND: Final = """
The portal is up: open it in a browser, in a window as narrow as a phone.

  {hub}/ko   in Korean
  {hub}/en   in English

  Begin             pick an ordinary picture; see in the network tab that it stays with you
  Read my receipt   code {code}, PIN {pin}
  Help near you     what nobody has reviewed yet, marked as such
  Leave this page   or press Shift three times

From the command line:

  {takeback} case status --hub {hub} --secrets-file {keys}
  {takeback} match PICTURE --matcher {matcher} --explain why.png
  {takeback} demo advance 4d --hub {hub}

Ctrl-C stops everything and removes its data."""
"""What is said once the story is told."""


def run_demo(picture: Path | None, *, leave: bool) -> bool:
    """Play the story; leave the programs up until Ctrl-C unless told to *leave*.

    Returns:
        Whether every step held.
    """
    shown = photograph("coffee.png") if picture is None else _read(picture)
    _check(shown)  # refused now, before anything is started
    telling = Telling()
    with tempfile.TemporaryDirectory(prefix="takeback-demo-") as folder:
        talk.say("drawing a video of a minute from moving photographs")
        videos = draw_videos(Path(folder))
        talk.say("starting a hub and two matchers")
        with set_up(Path(folder)) as stage:
            opened = Story(stage, telling, shown, videos).play()
            click.echo(f"\n{_summary(telling)}")
            if not leave:
                _stay(stage, opened)
    return telling.all_held


def look_around(hub: str, matcher: str, opened: Opened, keys: Path) -> str:
    """Say what there is to try.

    Args:
        hub: its address.
        matcher: address of the matcher that can say why.
        opened: what opens the case of the story.
        keys: the file that holds it.
    """
    takeback = sys.argv[0] if Path(sys.argv[0]).name == "takeback" else "takeback"
    return LOOK_AROUND.format(
        takeback=takeback, hub=hub, keys=keys, code=opened.code, pin=opened.pin, matcher=matcher
    )


def _check(shown: Photograph) -> None:
    """Refuse a picture that one of the two platforms, which has no keypoints, could not know."""
    quality = prepare_file(shown.data).signals.quality
    if quality < MINIMUM_QUALITY:
        raise QualityTooLow(quality, MINIMUM_QUALITY)


def _read(path: Path) -> Photograph:
    return Photograph(path.name, path.read_bytes())


def _summary(telling: Telling) -> str:
    count = len(telling.held)
    if telling.all_held:
        return f"All {count} steps held."
    return f"{telling.held.count(False)} of {count} steps did not hold."


def _stay(stage: Stage, opened: Opened) -> None:
    """Say how to look around, and wait for Ctrl-C."""
    keys = stage.folder / "case.json"
    write_new(keys, msgspec.json.encode(opened).decode())
    click.echo(look_around(stage.hub.url, stage.feed.program.url, opened, keys))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1) and stage.hub.running:
        pass
    talk.say("stopping")
