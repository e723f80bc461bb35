"""A hub, its worker and a matcher that are killed with -9 while people use them.

Reporters and platforms do what they always do, ask again when an answer does not come, and
write down what was acknowledged (``ledger.py``). The kills come from one seeded source.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from takeback.cases.wire import (
    Choices,
    ItemDocument,
    PdqDocument,
    RegistrationDocument,
)
from takeback.cli.reporterhub import ReporterHub
from tests.journeys.ledger import Filed, Ledger, Movable, Picture, Standing
from tests.journeys.processes import Runner, Stage
from tests.journeys.story import access

MOST_PICTURES = 6
"""In one case."""

PACE = 0.05
"""Seconds that everybody rests between two things they do."""

AWAY = 0.3
"""Seconds until they try again when nobody answers."""

CALM = 60
"""Most seconds that people go on after the last kill."""


@dataclass
class Reporters:
    """Opens cases, adds to them, withdraws, undoes, reads."""

    hub: ReporterHub
    ledger: Ledger
    rng: random.Random
    mine: list[Filed] = field(default_factory=list)

    def act(self) -> None:
        """Do one thing."""
        actions = (self.open, self.add, self.withdraw, self.withdraw_item, self.undo, self.read)
        [action] = self.rng.choices(actions, weights=(35, 15, 12, 13, 8, 17))
        action()

    def open(self) -> None:
        """Open a case; one in three with a lock."""
        pictures = self._pictures()
        locked = self.rng.random() < 1 / 3
        with self.ledger.moving(pictures, Standing.PROTECTED):
            opened = self.hub.open(document(pictures, locked=locked))
        self.mine.append(Filed(opened, locked, pictures))
        self.ledger.cases.append(self.mine[-1])
        self._name(self.mine[-1])

    def add(self) -> None:
        """Add pictures to a case."""
        if case := self._pick(lambda each: len(each.pictures) < MOST_PICTURES):
            pictures = self._pictures()
            case.pictures += pictures
            with self.ledger.moving(pictures, Standing.PROTECTED):
                self.hub.add(access(case.opened), [item(each) for each in pictures])
            self._name(case)

    def withdraw(self) -> None:
        """Withdraw a case; with a lock the worker does it."""
        if case := self._pick():
            gone: list[Movable] = [case, *case.protected()]
            with self.ledger.moving(gone, leaving(case)):
                self.hub.withdraw(access(case.opened), None)

    def withdraw_item(self) -> None:
        """Withdraw one picture of a case."""
        if case := self._pick(lambda each: bool(each.protected())):
            picture = self.rng.choice(case.protected())
            with self.ledger.moving([picture], leaving(case)):
                self.hub.withdraw(access(case.opened), picture.item_id)

    def undo(self) -> None:
        """Undo the withdrawal of one picture."""
        if case := self._pick(lambda each: not each.locked and each.protected() != each.pictures):
            picture = next(e for e in case.pictures if e.standing is Standing.WITHDRAWN)
            with self.ledger.moving([picture], Standing.PROTECTED):
                self.hub.withdraw(access(case.opened), picture.item_id, undo=True)

    def read(self) -> None:
        """Read a receipt."""
        if case := self._pick():
            assert self.hub.receipt(access(case.opened)).status == "open"

    def _pick(self, fits: Callable[[Filed], bool] = lambda _: True) -> Filed | None:
        """Choose a case that is open as far as anybody knows."""
        known = [each for each in self.mine if each.sure and named(each)]
        fit = [each for each in known if each.standing is Standing.PROTECTED and fits(each)]
        return self.rng.choice(fit) if fit else None

    def _pictures(self) -> list[Picture]:
        """Take one or two pictures; now and then one that somebody registered before."""
        taken = [Picture(self.rng.randbytes(32).hex()) for _ in range(self.rng.randint(1, 2))]
        if self.mine and self.rng.random() < 0.2:
            taken[0] = Picture(self.rng.choice(self.rng.choice(self.mine).pictures).signal)
        self.ledger.holds(*taken)
        return taken

    def _name(self, case: Filed) -> None:
        """Read which item is which picture; they come in the order in which they were sent."""
        items = self.hub.receipt(access(case.opened)).items
        for picture, one in zip(case.pictures, items, strict=True):
            picture.item_id = one.item_id


@dataclass
class Platform:
    """Looks signals up, responds to matches, gives opinions; sends again until acknowledged."""

    name: str
    http: httpx2.Client
    lookup: str
    """``/v1/lookup`` at the hub, which is never behind; ``/v1/match`` at its own matcher."""
    ledger: Ledger
    rng: random.Random
    unanswered: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def act(self) -> None:
        """Send what was not acknowledged; then look up, and report about a match."""
        while self.unanswered:
            self._send(*self.unanswered[0])
            self.unanswered.pop(0)
        signals = self.ledger.signals()
        if signals:
            some = self.rng.sample(signals, min(8, len(signals)))
            self._report(self._look_up(some))

    def _look_up(self, signals: list[str]) -> list[str]:
        """Look up, hold the hub to what it acknowledged, and return the numbers matched."""
        before = [self.ledger.expected(signal) for signal in signals]
        results = self._post(self.lookup, {"signals": signals})["results"]
        after = [self.ledger.expected(signal) for signal in signals]
        found = [[match["number"] for match in result["matches"]] for result in results]
        for numbers, (expected, moves), now in zip(found, before, after, strict=True):
            if len(numbers) > 1:
                self.ledger.wrong.append(f"{self.name}: one signal, {len(numbers)} matches")
            settled = now == (expected, moves) and expected is not None
            if self.lookup == "/v1/lookup" and settled and bool(numbers) is not expected:
                self.ledger.wrong.append(f"{self.name}: expected {expected}, found {numbers}")
        return [number for numbers in found for number in numbers]

    def _report(self, numbers: Sequence[str]) -> None:
        if not numbers:
            return
        number = self.rng.choice(numbers)
        response = {"id": self.rng.randbytes(16).hex(), "number": number, **self._did()}
        self.unanswered.append(("responses", response))
        if (self.name, number) not in self.ledger.opinions:
            self.unanswered.append(("opinions", {"number": number, "opinion": "positive"}))

    def _did(self) -> dict[str, object]:
        removed = {"response": "removed", "confirmed_by_person": True, "ground": "intimate"}
        return self.rng.choice([{"response": "seen"}, {"response": "under_review"}, removed])

    def _send(self, kind: str, report: dict[str, object]) -> None:
        self._post(f"/v1/{kind}", {kind: [report]})
        if kind == "responses":
            self.ledger.responses.add(str(report["id"]))
        else:
            self.ledger.opinions.add((self.name, str(report["number"])))

    def _post(
        self, place: str, body: dict[str, object]
    ) -> dict[str, list[dict[str, list[dict[str, str]]]]]:
        answer = self.http.post(place, json=body)
        if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
            raise httpx2.ConnectError("the matcher has not read the bank yet")
        assert answer.is_success, f"{place}: {answer.status_code} {answer.text}"
        return answer.json()  # type: ignore[no-any-return]


@dataclass
class Siege:
    """The programs, the people, and what was acknowledged."""

    stage: Stage
    rng: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    kills: dict[str, int] = field(default_factory=dict)
    _deck: list[Runner] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the programs; the worker purges at once what the lock let it withdraw."""
        story = self.stage.story
        self.follower = story.platform("follower")
        self.asker = story.platform("asker", feed=False)
        self.hub = self.stage.hub("portal", "partner", undo_days="7")
        self.worker = self.stage.hub("worker", name="worker")
        self.matcher = self.stage.matcher(self.hub, self.follower)

    def run(self, kills: int) -> None:
        """Kill so many programs while people use them, and start each again."""
        with self._people():
            while (left := kills - sum(self.kills.values())) > 0:
                time.sleep(self.rng.uniform(0, 1.2))
                self._strike(self._victims()[:left])
            self._calm()

    def _calm(self) -> None:
        """Let people go on until something is protected and something withdrawn.

        Both are looked for afterwards, and a slow machine may not have come to either.
        """
        latest = time.monotonic() + CALM
        time.sleep(1)
        while time.monotonic() < latest:
            signals = self.ledger.signals()
            if {True, False} <= {self.ledger.expected(signal)[0] for signal in signals}:
                return
            time.sleep(0.2)

    def _victims(self) -> list[Runner]:
        """Draw one program, or a few; over time the hub twice as often as the others."""
        how_many = self.rng.choices((1, 2, 3), weights=(7, 2, 1))[0]
        while len(self._deck) < how_many:
            more = [self.hub, self.hub, self.worker, self.matcher]
            self._deck += self.rng.sample(more, len(more))
        drawn = {victim.name: victim for victim in self._deck[:how_many]}
        del self._deck[:how_many]
        return list(drawn.values())

    def _strike(self, struck: Sequence[Runner]) -> None:
        for victim in struck:
            victim.kill()
            self.kills[victim.name] = self.kills.get(victim.name, 0) + 1
        time.sleep(self.rng.uniform(0, 0.3))
        with ThreadPoolExecutor(len(struck)) as pool:
            list(pool.map(Runner.start, struck))

    @contextmanager
    def _people(self) -> Iterator[None]:
        """Let two reporters and two platforms go about their business."""
        acts = [self._reporter().act for _ in range(2)]
        hub = self.stage.bearer(self.hub, self.asker)
        acts.append(self._platform("asker", hub, "/v1/lookup"))
        acts.append(self._platform("follower", self.stage.client(self.matcher), "/v1/match"))
        enough = threading.Event()
        with ThreadPoolExecutor(len(acts)) as pool:
            going = [pool.submit(keep_doing, act, enough) for act in acts]
            try:
                yield
            finally:
                enough.set()
            for each in going:
                each.result()

    def _reporter(self) -> Reporters:
        return Reporters(self.stage.reporter(self.hub), self.ledger, self._random())

    def _platform(self, name: str, http: httpx2.Client, lookup: str) -> Callable[[], None]:
        return Platform(name, http, lookup, self.ledger, self._random()).act

    def _random(self) -> random.Random:
        return random.Random(self.rng.getrandbits(64))


def keep_doing(act: Callable[[], None], enough: threading.Event) -> None:
    """Do one thing after the other; a program that is away is tried again."""
    while not enough.is_set():
        try:
            act()
            enough.wait(PACE)
        except httpx2.TransportError:
            enough.wait(AWAY)


def document(pictures: Sequence[Picture], *, locked: bool) -> RegistrationDocument:
    """Return what opening a case sends."""
    return RegistrationDocument(
        version=1,
        kind="shared",
        age_band="adult",
        language="en",
        items=[item(each) for each in pictures],
        choices=Choices(lock=locked),
    )


def item(picture: Picture) -> ItemDocument:
    """Return a picture as it is registered."""
    return ItemDocument([PdqDocument(picture.signal, 100)])


def leaving(case: Filed) -> Standing:
    """Return how something stands after its withdrawal was acknowledged."""
    return Standing.LEAVING if case.locked else Standing.WITHDRAWN


def named(case: Filed) -> bool:
    """Tell whether it is known which item is which picture."""
    return all(picture.item_id for picture in case.pictures)
