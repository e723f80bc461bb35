"""A scan from order to summary: plan, or go on by the plan; do the shards; write each down."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from takeback.backscan import plan as plans
from takeback.backscan import protocols, results
from takeback.backscan.bank import BankKind
from takeback.backscan.columns import Input
from takeback.backscan.crew import Crew
from takeback.backscan.items import Lists
from takeback.backscan.listing import survey
from takeback.backscan.outcome import Outcome, Seconds, Task
from takeback.backscan.plan import Choices, Plan, Shard
from takeback.backscan.tables import counted, packed
from takeback.backscan.worker import Work


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted."""

    given: Input
    bank: Path
    bank_kind: BankKind
    folder: Path
    """Where plan and results lie."""

    choices: Choices = field(default_factory=Choices)

    def work(self, plan: Plan, folder: Path) -> Work:
        """Return what workers must know; what they need of the bank is made in *folder*."""
        return Work(
            kind=plan.listing.kind,
            base=plan.listing.base,
            bank=self.bank_kind.prepare(self.bank, folder),
            bank_kind=self.bank_kind,
            choices=self.choices,
        )


class Runner(Protocol):
    """Does shards somewhere, some at a time."""

    def __call__(self, work: Work, lists: Lists, shards: Sequence[Shard], /) -> Iterator[Outcome]:
        """Yield what became of each shard, in any order."""


Keep = Callable[[Outcome], None]
"""Takes the library's own signals of a shard, before the shard counts as done: a shard that is
done again after a kill comes twice, under the same number."""


class Progress(msgspec.Struct):
    """How far a scan is."""

    rows: int
    """Files or signals of the whole input."""

    before: int = 0
    """Of these, done by earlier runs."""

    done: int = 0
    """Done by this one."""

    refused: int = 0
    """Refused, in all runs."""

    hits: int = 0
    """Hits, in all runs."""

    elapsed: float = 0.0
    """Seconds that this run took."""

    plan: str = ""
    """The digest of the plan."""

    shards: int = 0
    mark: int = 0
    """How far the bank was when the scan was planned."""

    instance: str = ""
    """Whose numbers that counts in."""

    seconds: Seconds = msgspec.field(default_factory=Seconds)
    """Where the time of this run's workers went, in seconds of all workers together."""

    started: float | None = None
    """Seconds until the first shard was done, which are longer than later ones."""

    first: int = 0
    """Files or signals of that shard."""

    @property
    def rate(self) -> float:
        """Files or signals a second, without the start if there is more to go by."""
        if self.started is not None and self.elapsed > self.started and self.done > self.first:
            return (self.done - self.first) / (self.elapsed - self.started)
        return self.done / self.elapsed if self.elapsed else 0.0

    @property
    def left(self) -> float:
        """Seconds that are probably left."""
        rest = self.rows - self.before - self.done
        return rest / self.rate if self.rate else float("inf")

    def take(self, outcome: Outcome, hits: int, refused: int, elapsed: float) -> None:
        """Count one shard."""
        self.done += outcome.rows
        self.hits += hits
        self.refused += refused
        self.seconds.add(outcome.seconds)
        self.elapsed = elapsed
        if self.started is None:
            self.started, self.first = elapsed, outcome.rows


def prepare(order: Order) -> Plan:
    """Return the plan in the order's folder, or make one; call it with the folder held.

    Raises:
        OtherScan: the folder holds another scan.
        UnreadableInput: the input or the bank is none.
    """
    plan, _ = planned(order, order.folder)
    if plans.read(order.folder) is None:
        plans.write(order.folder, plan)
    return plan


def planned(order: Order, elsewhere: Path) -> tuple[Plan, Path]:
    """Return the plan in the order's folder, or one that nobody wrote yet, and where its list is.

    Args:
        order: what is wanted.
        elsewhere: where a list is written, if there is no plan and one is needed.

    Raises:
        OtherScan: the folder holds another scan.
        UnreadableInput: the input or the bank is none, or none of its first rows may be read.
        PackageMissing: something needs a package that is not installed.
        StoreUnreachable: the input lies elsewhere, and its store does not answer.
    """
    known = plans.read(order.folder)
    if known is not None:
        known.check_input(order.given.url)
    made = _made(order, elsewhere, known)
    if known is not None:
        known.check(made)
    plan, folder = (made, elsewhere) if known is None else (known, order.folder)
    protocols.check(plan, Lists.of(folder, plan))
    return plan, folder


def _made(order: Order, folder: Path, known: Plan | None) -> Plan:
    """Make a plan; where there is one already, nothing is written."""
    facts = order.bank_kind.facts(order.bank)
    listing = survey(order.given, folder, known.listing if known else None)
    return Plan(
        input=order.given.url,
        listing=listing,
        bank=facts,
        choices=order.choices,
        shards=plans.cut(listing.files, listing.kind),
    )


def run(
    order: Order,
    runner: Runner,
    watch: Callable[[Progress], None],
    keeping: Callable[[str], Keep] | None = None,
) -> Progress:
    """Scan what is not scanned yet.

    Args:
        order: what is wanted.
        runner: does the shards.
        watch: called before the first shard and after each.
        keeping: called with the plan's digest, returns what takes the library's own signals.

    Raises:
        Conflict: another scan is at work in the folder.
        OtherScan: the folder holds another scan.
        TakebackError: the input or the bank can't be used, or workers can't go on.
    """
    with results.held(order.folder):
        plan = prepare(order)
        progress, left = so_far(order.folder, plan)
        keep = keeping(progress.plan) if keeping else None
        began = time.monotonic()
        watch(progress)
        if left:
            for outcome in runner(
                order.work(plan, order.folder), Lists.of(order.folder, plan), left
            ):
                if keep is not None:
                    keep(outcome)
                results.commit(order.folder, outcome)
                progress.take(outcome, *_sizes(outcome), time.monotonic() - began)
                watch(progress)
    return progress


def so_far(folder: Path, plan: Plan) -> tuple[Progress, list[Shard]]:
    """Return what earlier runs did, and the shards that are left."""
    done = results.done(folder, plan)
    bank, shards = plan.bank, len(plan.shards)
    progress = Progress(
        plan.rows, plan=plan.digest, shards=shards, mark=bank.mark, instance=bank.instance
    )
    for shard in plan.shards:
        if shard.number in done:
            hits, refused = results.count(folder, shard.number)
            progress.before += shard.rows
            progress.hits += hits
            progress.refused += refused
    return progress, [shard for shard in plan.shards if shard.number not in done]


def _sizes(outcome: Outcome) -> tuple[int, int]:
    return counted(outcome.hits), counted(outcome.refused)


def tasks(lists: Lists, shards: Iterable[Shard]) -> Iterator[Task]:
    """Yield each shard with its rows, read when it is asked for."""
    for shard in shards:
        yield Task(shard.number, packed(lists.items(shard)))


def here(workers: int) -> Runner:
    """Return what does shards in processes of this machine."""

    def run_here(work: Work, lists: Lists, shards: Sequence[Shard]) -> Iterator[Outcome]:
        crew = Crew(work, workers)
        return crew.outcomes(tasks(lists, shards))

    return run_here
