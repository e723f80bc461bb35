"""Somebody who has found a code, and guesses its PIN over HTTP."""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx2
import msgspec
import sqlalchemy as sa

from takeback.cases.store import trials
from takeback.cases.wire import Access, AccessRequest, Opened
from takeback.cli.reporterhub import ReporterHub
from takeback.errors import NotFound, TooBusy
from tests.journeys.story import Story

JSON = {"content-type": "application/json"}


def wrong_pins(opened: Opened, count: int, seed: int = 1) -> list[str]:
    """Return so many different PINs, none of them right."""
    pins = [f"{number:06}" for number in range(10**6) if f"{number:06}" != opened.pin]
    return random.Random(seed).sample(pins, count)


def body(access: Access) -> bytes:
    """Return what asking for the receipt sends."""
    return msgspec.json.encode(AccessRequest(access))


def in_a_burst(http: httpx2.Client, code: str, pins: Sequence[str], hands: int) -> set[bytes]:
    """Try PINs with many *hands* at once, without a proof of work; return the answers."""

    def answer(pin: str) -> bytes:
        return http.post("/v1/cases/receipt", content=body(Access(code, pin)), headers=JSON).content

    with ThreadPoolExecutor(hands) as pool:
        return set(pool.map(answer, pins))


def guess(url: str, code: str, pins: Sequence[str], hands: int) -> Counter[str]:
    """Try PINs with many *hands* at once, proofs of work and all; return what came of it."""

    def outcome(pin: str) -> str:
        try:
            hub.receipt(Access(code, pin))
        except NotFound:
            return "refused"
        except TooBusy:
            return "too busy"
        return "opened"

    with (
        httpx2.Client(base_url=url, timeout=60, trust_env=False) as http,
        ThreadPoolExecutor(hands) as pool,
    ):
        hub = ReporterHub(http)
        return Counter(pool.map(outcome, pins))


def counted_trials(story: Story) -> int:
    """Return how many wrong PINs of the last day stand, over all codes."""
    with story.hub.db.reading():
        rows = story.hub.db.execute(sa.select(trials.c.at)).scalars()
        return sum(len(moments.split()) for moments in rows)
