"""The processes that hash: bounded, replaceable, and alone with what they were given."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from PIL import Image

from takeback.errors import NotAPicture, PictureTooLarge, TooBusy
from takeback.hashing import hash_picture, hasher
from takeback.hashing.hasher import LENGTH, Wanted
from takeback.hashing.messages import Hashed, HashedPicture, Refused
from takeback.hashing.picture import PictureSignals
from takeback.matcher import pool as pool_module
from takeback.matcher.pool import Child, ChildDied, Pool, start
from tests.matcher.conftest import jpeg, photograph

Result = TypeVar("Result")
MEMORY = 2 * 1024**3


@asynccontextmanager
async def opened(size: int = 1, waiting: int = 4, seconds: float = 10.0) -> AsyncIterator[Pool]:
    """Run a pool whose children are all ready."""
    pool = Pool(size, waiting, seconds, MEMORY)
    pool.open()
    try:
        async with asyncio.timeout(60):
            while pool.alive < size:
                await asyncio.sleep(0.01)
        yield pool
    finally:
        await pool.close()


def in_pool(act: Callable[[Pool], Awaitable[Result]], **sizes: float) -> Result:
    """Run *act* with a pool."""

    async def run() -> Result:
        async with opened(**sizes) as pool:  # type: ignore[arg-type]
            return await act(pool)

    return asyncio.run(run())


def children(pool: Pool) -> list[int]:
    """Return the process ids of the children."""
    return [child.process.pid for child in pool._children]


def test_pictures_are_hashed_as_at_home_and_bad_ones_cost_nothing() -> None:
    """The same signals as in this process; a refusal comes across as itself."""
    picture = jpeg(photograph())

    async def act(pool: Pool) -> Hashed:
        with pytest.raises(NotAPicture):
            await pool.hash(b"no picture")
        with pytest.raises(NotAPicture):
            await pool.hash(b"")
        return await pool.hash(picture)

    hashed = in_pool(act)

    at_home = hash_picture(picture, shrink=True, role="query")
    assert isinstance(hashed, PictureSignals)
    assert HashedPicture.of(hashed) == HashedPicture.of(at_home)
    assert hashed.keypoints


def test_keypoints_are_described_only_where_they_are_wanted() -> None:
    """They take most of the time, and many banks hold none to compare them with."""

    async def act(pool: Pool) -> Hashed:
        return await pool.hash(jpeg(photograph()), Wanted.VIEWS)

    hashed = in_pool(act)

    assert isinstance(hashed, PictureSignals)
    assert (hashed.keypoints, len(hashed.dihedral)) == ((), 8)


def test_an_upload_is_forgotten_once_the_child_has_it() -> None:
    """The bytes are gone before the answer is there."""
    picture = bytearray(jpeg(photograph()))

    async def act(pool: Pool) -> None:
        await pool.hash(picture)

    in_pool(act)

    assert picture == b""


def test_a_child_that_dies_costs_one_picture_only() -> None:
    """Another takes its place."""
    picture = jpeg(photograph())

    async def act(pool: Pool) -> tuple[int, int]:
        (before,) = children(pool)
        stopped = asyncio.create_task(pool.hash(picture))
        os.kill(before, signal.SIGSTOP)
        await asyncio.sleep(0.05)
        os.kill(before, signal.SIGKILL)
        with pytest.raises(NotAPicture, match="stopped the process"):
            await stopped
        await pool.hash(picture)
        (after,) = children(pool)
        return before, after

    before, after = in_pool(act)

    assert before != after


def test_a_child_that_dies_while_it_is_idle_costs_no_picture() -> None:
    """Nothing was handed to it: the upload is not called unreadable, it waits for another child."""
    picture = jpeg(photograph())

    async def act(pool: Pool) -> Hashed:
        (idle,) = children(pool)
        os.kill(idle, signal.SIGKILL)
        await asyncio.sleep(0.2)
        return await pool.hash(picture)

    assert isinstance(in_pool(act, seconds=60.0), PictureSignals)


def test_a_child_that_dies_while_nobody_asks_is_not_counted_and_is_replaced() -> None:
    """A matcher that is not ready gets no upload that would find out."""

    async def act(pool: Pool) -> None:
        (idle,) = children(pool)
        os.kill(idle, signal.SIGKILL)
        async with asyncio.timeout(60):
            while pool.alive:
                await asyncio.sleep(0.001)
            while not pool.alive:
                await asyncio.sleep(0.01)
        assert children(pool) != [idle]

    in_pool(act)


def test_nobody_waits_for_a_child_that_has_hashed_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on until the fresh one is there, and leaves then."""
    monkeypatch.setattr(pool_module, "RELIEVED_AFTER", 2)
    upload = jpeg(photograph())

    async def act(pool: Pool) -> tuple[list[int], list[int], list[int]]:
        may_start = asyncio.Event()

        async def start_late(*given: Any) -> Child:  # noqa: ANN401
            await may_start.wait()
            return await start(*given)

        monkeypatch.setattr(pool_module, "start", start_late)
        first = children(pool)
        for _ in range(3):
            await pool.hash(upload)
        meanwhile = children(pool)
        may_start.set()
        async with asyncio.timeout(30):
            while children(pool) in (first, []) or len(children(pool)) > 1:
                await pool.hash(upload)
        return first, meanwhile, children(pool)

    first, meanwhile, last = in_pool(act)

    assert first == meanwhile
    assert len(last) == 1
    assert last != first


def test_a_picture_that_takes_too_long_is_given_up() -> None:
    """The child is ended, and the next picture finds a fresh one."""
    picture = jpeg(photograph())

    async def act(pool: Pool) -> None:
        (slow,) = children(pool)
        os.kill(slow, signal.SIGSTOP)
        with pytest.raises(PictureTooLarge, match="too long"):
            await pool.hash(picture)
        pool.seconds = 20.0
        await pool.hash(picture)

    in_pool(act, seconds=0.3)


def test_more_pictures_than_may_wait_are_refused_at_once() -> None:
    """Places are taken before a picture is read."""

    async def act(pool: Pool) -> None:
        with pool.place(), pool.place(), pytest.raises(TooBusy), pool.place():
            pass
        with pool.place():
            assert pool.taken == 1

    in_pool(act, waiting=1)


def test_a_caller_who_leaves_takes_no_process_with_him() -> None:
    """The half-read answer of a cancelled request reaches nobody else."""
    first, second = jpeg(photograph()), jpeg(photograph("chelsea"))

    async def act(pool: Pool) -> bytes:
        leaving = asyncio.create_task(pool.hash(first))
        await asyncio.sleep(0.001)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        hashed = await pool.hash(second)
        assert isinstance(hashed, PictureSignals)
        return hashed.whole.bits

    assert in_pool(act) == hash_picture(second, shrink=True).whole.bits


def test_a_child_may_write_no_file_and_knows_no_secret() -> None:
    """Limits are set, and of the environment only harmless names are passed on."""
    os.environ["TAKEBACK_TEST_SECRET"] = "hidden"

    async def act(pool: Pool) -> tuple[str, bytes]:
        (child,) = children(pool)
        base = Path("/proc") / str(child)
        return (base / "limits").read_text(), (base / "environ").read_bytes()

    try:
        limits, environment = in_pool(act)
    finally:
        del os.environ["TAKEBACK_TEST_SECRET"]

    rows = {row[:25].strip(): row[26:].split() for row in limits.splitlines()}
    assert rows["Max file size"][:2] == ["0", "0"]
    assert rows["Max core file size"][:2] == ["0", "0"]
    assert rows["Max open files"][:2] == ["32", "32"]
    assert rows["Max address space"][0] != "unlimited"
    assert b"hidden" not in environment


def test_no_child_outlives_the_pool() -> None:
    """Closing ends all of them."""

    async def act(pool: Pool) -> list[int]:
        return children(pool)

    for child in in_pool(act, size=2):
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_memory_that_runs_out_is_a_picture_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child lives on."""

    def hungry(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(hasher, "hash_picture", hungry)

    assert hasher.outcome_of(b"") == Refused(
        "PictureTooLarge", "the picture needs more memory than is allowed"
    )


class Sink:
    """Takes what is written, and forgets it."""

    def write(self, _: bytes) -> None:
        """Take it."""

    async def drain(self) -> None:
        """Be done at once."""


@pytest.mark.parametrize(
    "said",
    [
        LENGTH.pack(2**31),
        LENGTH.pack(3) + b"abc",
        LENGTH.pack(9),
        b"",
    ],
    ids=["endless", "nonsense", "cut off", "nothing"],
)
def test_a_child_is_not_believed_whatever_it_says(said: bytes) -> None:
    """It has met strangers' files: no answer of its costs the matcher memory or its life."""

    async def act() -> None:
        answers = asyncio.StreamReader()
        answers.feed_data(said)
        answers.feed_eof()
        child = Child(cast(Any, None), cast(Any, Sink()), answers)
        with pytest.raises(ChildDied):
            await child.hash(b"upload", Wanted.KEYPOINTS)

    asyncio.run(act())


def test_a_flat_picture_is_reported_with_its_quality() -> None:
    """Low quality is a fact, not a failure."""
    flat = jpeg(Image.new("RGB", (200, 200), "grey"))

    outcome = hasher.outcome_of(flat)

    assert isinstance(outcome, HashedPicture)
    assert outcome.quality < 50
