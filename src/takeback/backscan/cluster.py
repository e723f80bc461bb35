"""Workers on a Ray cluster: the same shards and the same workers, in a Ray Data pipeline.

Rows are read, and results written, where the scan was started; what lies between may be
anywhere. The bank is opened in its own place there, and copied to every other node once: no
two machines may have a matcher's state file open. Needs the extra ``cluster``.
"""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from takeback import errors
from takeback.backscan.broadcast import Copy, pack, placed, remove, sweep
from takeback.backscan.items import Lists
from takeback.backscan.outcome import Outcome, Task
from takeback.backscan.plan import Shard
from takeback.backscan.scan import Runner
from takeback.backscan.tables import packed
from takeback.backscan.worker import Work, Worker
from takeback.errors import NotReady, PackageMissing, TakebackError, UnreadableInput

LOCAL: Final = "local"
"""Instead of an address: a Ray of this machine alone, for one scan alone."""

STORE: Final = 512 * 1024 * 1024
"""Bytes of shared memory of such a Ray; shards are small."""

KNOCK_SECONDS: Final = 5.0
"""Seconds to wait for an answer at the address of a cluster."""

MEMORY: Final = 2 * 1024**3
"""Bytes of memory that a worker is counted as: what its child that hashes may take."""

TIDYING_SECONDS: Final = 30.0
"""Seconds that nodes get to remove copies; one that died meanwhile never answers."""

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
            yield from _Pipeline(ray, work, copy, size).outcomes(lists, shards)

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
def _own_end() -> Iterator[None]:
    """Keep what SIGTERM does, where that was chosen: Ray chooses too."""
    chosen = signal.getsignal(signal.SIGTERM)
    yield
    if callable(chosen):
        signal.signal(signal.SIGTERM, chosen)


@dataclass(frozen=True, slots=True)
class _Size:
    """How many workers there will be, and the memory that each is counted as."""

    workers: int
    memory: int

    @classmethod
    def of(cls, ray: Ray, wanted: int | None) -> "_Size":
        """Return what fits."""
        largest = max(node["Resources"].get("memory", 0) for node in ray.nodes())
        memory = max(1, min(MEMORY, int(largest)))
        there = ray.cluster_resources()
        fit = int(there.get("memory", 0)) // memory
        return cls(max(1, min(wanted or int(there.get("CPU", 1)), fit)), memory)


@contextmanager
def _connected(address: str, workers: int | None) -> Iterator[tuple[Ray, _Size]]:
    """Connect to a cluster, or start one; yield Ray and how many workers there will be."""
    ray = _load()
    local = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE}
    where: dict[str, Any] = local if address == LOCAL else {"address": address}
    try:
        _knock(address)
        with _muted(), _own_end():
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **where)
    except (OSError, ValueError, RuntimeError):
        refused = UnreadableInput("there is no Ray cluster at that address")
        refused.hint = "Give --ray=HOST:PORT of its head node, or --ray alone for this machine."
        raise refused from None
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield ray, _Size.of(ray, workers)
    finally:
        ray.shutdown()


@dataclass(frozen=True, slots=True)
class _Pipeline:
    """Reads where the lists are, scans anywhere."""

    ray: Ray
    work: Work
    copy: Copy | None
    size: _Size

    def outcomes(self, lists: Lists, shards: Sequence[Shard]) -> Iterator[Outcome]:
        """Yield what became of each shard."""
        data, here = self.ray.data, _node(self.ray)
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
            memory=self.size.memory,
            compute=data.ActorPoolStrategy(size=min(self.size.workers, len(shards))),
            fn_constructor_args=(self.work, here, self.copy),
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

    def __init__(self, work: Work, home: str, copy: Copy | None) -> None:
        self._work, self._home, self._copy = work, home, copy
        self._worker: Worker | None = None
        self._as_long_as_it_lives = ExitStack()

    def __call__(self, batch: Rows) -> Rows:
        try:
            self._worker = self._worker or Worker.of(replace(self._work, bank=self._bank()))
            outcome = self._worker.do(Task(int(batch["number"][0]), batch["rows"][0]))
        except TakebackError as error:
            return {"outcome": [b""], "error": [type(error).__name__], "why": [str(error)]}
        return {"outcome": [msgspec.msgpack.encode(outcome)], "error": [""], "why": [""]}

    def _bank(self) -> Path:
        """Return where this node has the bank."""
        ray = _load()
        if _node(ray) == self._home:
            return self._work.bank
        if self._copy is None:
            raise NotReady("a second node joined the cluster; the same command goes on with it")
        return self._as_long_as_it_lives.enter_context(placed(self._copy, ray.get))


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
    """Hand the bank to the cluster if it has other nodes; remove the copies on the way out."""
    if len(_nodes(ray)) == 1:
        sweep()
        yield None
        return
    _on_each(ray, sweep)
    copy = pack(work.bank, ray.put)
    name = copy.name
    try:
        yield copy
    finally:
        _on_each(ray, lambda: remove(name))


def _node(ray: Ray) -> str:
    """Return which node this is."""
    return str(ray.get_runtime_context().get_node_id())


def _nodes(ray: Ray) -> list[str]:
    return [node["NodeID"] for node in ray.nodes() if node["Alive"]]


def _on_each(ray: Ray, do: Callable[[], object]) -> None:
    """Do something once on every node that there is now."""
    task = ray.remote(num_cpus=0)(do)
    asked = [task.options(label_selector={NODE: node}).remote() for node in _nodes(ray)]
    ray.wait(asked, num_returns=len(asked), timeout=TIDYING_SECONDS)
