"""Workers on a Ray cluster: the same shards and the same workers, in a Ray Data pipeline.

Rows are read, and results written, where the scan was started; what lies between may be
anywhere. The bank is opened in its own place where a node sees it, and copied to the node once
where it does not. Needs the extra ``cluster``.
"""

import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from takeback import errors
from takeback.backscan.broadcast import Copy, facts_of, pack, place, remove
from takeback.backscan.items import Lists
from takeback.backscan.outcome import Outcome, Task
from takeback.backscan.plan import Shard
from takeback.backscan.scan import Runner
from takeback.backscan.tables import packed
from takeback.backscan.worker import Work, Worker
from takeback.errors import PackageMissing, TakebackError, UnreadableInput

LOCAL: Final = "local"
"""Instead of an address: a Ray of this machine alone, for one scan alone."""

STORE: Final = 512 * 1024 * 1024
"""Bytes of shared memory of such a Ray; shards are small."""

KNOCK_SECONDS: Final = 5.0
"""Seconds to wait for an answer at the address of a cluster."""

READERS: Final = 2
"""Shards whose rows are read at once."""

QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""What Ray is told before it is loaded: it reports to nobody, and stderr is ours."""

NODE: Final = "ray.io/node-id"
"""The label by which Ray knows a node."""

Ray = Any
"""The package, which is optional."""

Rows = dict[str, Any]
"""A batch of Ray Data: columns by name."""


def on_ray(address: str, workers: int | None) -> Runner:
    """Return what does shards on a cluster.

    Args:
        address: of the cluster, or ``LOCAL``.
        workers: how many at most; None for one for each processor of the cluster.

    Raises:
        PackageMissing: Ray is not installed.
    """
    _load()

    def run_on_ray(work: Work, lists: Lists, shards: Sequence[Shard]) -> Iterator[Outcome]:
        with _connected(address, workers) as (ray, size), _bank(ray, work) as copy:
            yield from _Pipeline(ray, work, copy).outcomes(lists, shards, size)

    return run_on_ray


def _load() -> Ray:
    os.environ.update(QUIET)
    try:
        import ray
        import ray.data
    except ImportError:
        missing = PackageMissing("--ray needs Ray, which is not installed")
        missing.hint = "Install the extra on every node: `pip install 'takeback[cluster]'`."
        raise missing from None
    return ray


def _knock(address: str) -> None:
    """Raise at once where nobody listens: Ray itself would try for minutes."""
    if address not in {LOCAL, "auto"}:
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()


@contextmanager
def _muted() -> Iterator[None]:
    """Drop what the block says on stderr: Ray, asked to be quiet, says that it was asked."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _connected(address: str, workers: int | None) -> Iterator[tuple[Ray, int]]:
    """Connect to a cluster, or start one; yield Ray and how many workers there will be."""
    ray = _load()
    local = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE}
    where: dict[str, Any] = local if address == LOCAL else {"address": address}
    try:
        _knock(address)
        with _muted():
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **where)
    except (OSError, ValueError, RuntimeError):
        refused = UnreadableInput("there is no Ray cluster at that address")
        refused.hint = "Give --ray=HOST:PORT of its head node, or --ray alone for this machine."
        raise refused from None
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield ray, workers or int(ray.cluster_resources().get("CPU", 1))
    finally:
        ray.shutdown()


@dataclass(frozen=True, slots=True)
class _Pipeline:
    """Reads where the lists are, scans anywhere."""

    ray: Ray
    work: Work
    copy: Copy | None

    def outcomes(self, lists: Lists, shards: Sequence[Shard], size: int) -> Iterator[Outcome]:
        """Yield what became of each shard."""
        data, here = self.ray.data, self.ray.get_runtime_context().get_node_id()
        items = [{"shard": msgspec.json.encode(shard)} for shard in shards]
        rows = data.from_items(items, override_num_blocks=len(items)).map_batches(
            _Read(lists),
            batch_size=1,
            num_cpus=0,
            compute=data.TaskPoolStrategy(size=min(READERS, len(shards))),
            label_selector={NODE: here},
        )
        scanned = rows.map_batches(
            _Scan,
            batch_size=1,
            num_cpus=1,
            compute=data.ActorPoolStrategy(size=min(size, len(shards))),
            fn_constructor_args=(self.work, self.copy),
        )
        for row in scanned.iter_rows():
            yield _checked(row)


@dataclass(frozen=True, slots=True)
class _Read:
    """The first step, where the lists are: a shard's rows."""

    lists: Lists

    def __call__(self, batch: Rows) -> Rows:
        shard = msgspec.json.decode(batch["shard"][0], type=Shard)
        return {"number": [shard.number], "rows": [packed(self.lists.items(shard))]}


class _Scan:
    """The second step, anywhere: a worker."""

    def __init__(self, work: Work, copy: Copy | None) -> None:
        if copy is not None:
            work = replace(work, bank=place(copy, _load().get))
        self._work = work
        self._worker: Worker | None = None

    def __call__(self, batch: Rows) -> Rows:
        try:
            self._worker = self._worker or Worker.of(self._work)
            outcome = self._worker.do(Task(int(batch["number"][0]), batch["rows"][0]))
        except TakebackError as error:
            return {"outcome": [b""], "error": [type(error).__name__], "why": [str(error)]}
        return {"outcome": [msgspec.msgpack.encode(outcome)], "error": [""], "why": [""]}


def _checked(row: Rows) -> Outcome:
    """Return what a worker made.

    Raises:
        TakebackError: what it could not go on for.
    """
    if row["error"]:
        kind: type[TakebackError] = getattr(errors, row["error"])
        raise kind(row["why"])
    outcome: Outcome = msgspec.msgpack.decode(row["outcome"], type=Outcome)
    return outcome


@contextmanager
def _bank(ray: Ray, work: Work) -> Iterator[Copy | None]:
    """Hand the bank to the cluster if a node does not see it; remove the copies on the way out."""
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    facts = facts_of(work.bank)
    if len(nodes) == 1 or all(_on_each(ray, nodes, lambda: _sees(work.bank, facts))):
        yield None
        return
    copy = pack(work.bank, work.identity, ray.put)
    try:
        yield copy
    finally:
        _on_each(ray, nodes, lambda: remove(copy))


def _sees(bank: Path, facts: tuple[tuple[str, int], ...]) -> bool:
    return bank.exists() and facts_of(bank) == facts


def _on_each(ray: Ray, nodes: Sequence[str], do: Callable[[], object]) -> list[object]:
    """Do something once on every node."""
    task = ray.remote(num_cpus=0)(do)
    asked = [task.options(label_selector={NODE: node}).remote() for node in nodes]
    answers: list[object] = ray.get(asked)
    return answers
