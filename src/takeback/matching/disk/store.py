"""The one writer of an index's directory.

A change is on the disk, in the log, before it is shown. Segments are made beside those that are
searched; which files are the index is changed by swapping the manifest, and every process is
sent there by one store to the control file. What was replaced is removed after that: who still
searches it has it mapped.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Generic

import numpy as np
from numpy.typing import NDArray

from takeback.errors import Conflict, IntegrityFailure, NotReady
from takeback.matching.disk import shared, steps
from takeback.matching.disk.control import Control
from takeback.matching.disk.files import DAMAGED, Arrays, Attributes, write_segment
from takeback.matching.disk.folder import Folder, number_of
from takeback.matching.disk.lock import WriterLock
from takeback.matching.disk.log import HEADER, Ids, Log, Record, create_log
from takeback.matching.disk.manifest import Listed, Manifest, read_manifest, write_manifest
from takeback.matching.disk.recovery import ENDED, ROWS, Kept, Load, P, Words, loaded, recover
from takeback.matching.disk.shared import Columns, SharedFile
from takeback.matching.disk.verified import Verified

LOCK: Final = "lock"

MOST_LOG_BYTES: Final = 1 << 20
"""A longer log is ended by writing the tail as a segment, so that opening stays quick."""

MOST_LOGS: Final = 4
"""With more of them, lasting copies of the marks are due, after which old ones can go."""

CLOCK_SECONDS: Final = 60.0
"""A time that is more ahead was told by a clock that has been set back since; nobody knows how
long ago that was."""


class Store(Generic[P]):
    """A directory, open for writing. Not safe to share by threads without a lock.

    After ``open`` the caller makes a tail, adds what is ``pending`` to it, and calls ``swap``.

    Args:
        directory: the index's own.
        lock: held.
        kind: of the index.
        load: makes a segment from its file.
    """

    def __init__(self, directory: Path, lock: WriterLock, kind: str, load: Load[P]) -> None:
        self._directory, self._lock, self._load = directory, lock, load
        self._folder = Folder(directory)
        self._control = Control(directory, writable=True)
        self._verified = Verified(directory)
        self._manifest = Manifest(kind, generation=self._control.generation)
        self._stowing = threading.Lock()
        """Held while a file is made that the manifest is to name; the directory is not let go of
        meanwhile."""
        self._kept: list[Kept[P]] = []
        self._fresh: list[Kept[P]] = []
        self._freshening = threading.Lock()
        self._tail: SharedFile | None = None
        self._log: Log | None = None
        self._begun: dict[str, tuple[int, int]] = {}
        """Of each log the number of its first change, and the time from which it is."""
        self._unsynced = False
        self.pending: list[Record] = []
        """Changes whose entries are in no segment; what they end there has ended."""
        self.seq = 0
        """The number of the last change."""
        self.mark = 0

    @classmethod
    def open(cls, directory: Path, kind: str, load: Load[P]) -> "Store[P]":
        """Open a directory, or make it, and find out what it holds.

        Raises:
            Conflict: another process writes it, or it is an index of another kind.
            IntegrityFailure: something in it is damaged.
            NotReady: the disk is full.
        """
        store = cls._locked(directory, kind, load)
        try:
            store._recover()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def anew(cls, directory: Path, kind: str, load: Load[P]) -> "Store[P]":
        """Open a directory to replace all that it holds, whatever that is, by the next ``swap``.

        Raises:
            Conflict: another process writes it.
            NotReady: the disk is full.
        """
        store = cls._locked(directory, kind, load)
        with suppress(FileNotFoundError, IntegrityFailure):
            before = read_manifest(directory)
            store._folder.sweep(before)
            store._number_on(Manifest(kind, before.generation, before.number))
        return store

    @classmethod
    def _locked(cls, directory: Path, kind: str, load: Load[P]) -> "Store[P]":
        with steps.refused_as_not_ready():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = WriterLock(directory / LOCK)
            try:
                return cls(directory, lock, kind, load)
            except BaseException:
                lock.release()
                raise

    @property
    def places(self) -> list[P]:
        """Return the segments that are the index."""
        return [part.place for part in self._kept]

    @property
    def log_is_long(self) -> bool:
        """Whether the tail should be written as a segment, to begin a new log."""
        return self._log is not None and self._log.size > MOST_LOG_BYTES

    def log(self, mark: int, gone: Ids, ids: Ids, payload: bytes) -> None:
        """Put a change on the disk, after which it may be shown.

        Raises:
            NotReady: the disk does not take it; nothing has changed.
            Conflict: this process may not write.
        """
        log = self._writable_log()
        self.confirm()
        record = self.next_record(mark, gone, ids, payload)
        try:
            log.append(record)
        except NotReady:
            log.undo()
            raise
        self.seq, self.mark = record.seq, mark
        self._control.note_log(log.number, log.size)

    def next_record(self, mark: int, gone: Ids, ids: Ids, payload: bytes = b"") -> Record:
        """Return the change that would be next."""
        return Record(self.seq + 1, mark, int(time.time()), gone, ids, payload)

    def show_replacing(self) -> None:
        """Tell every process that entries will end which can be found anew already."""
        self._control.show_replacing()

    def show(self) -> None:
        """Tell every process that the last change can be seen."""
        self._control.show_mark(self.mark)

    def tail(self, columns: Columns, attributes: Attributes) -> SharedFile:
        """Make a new tail, which nobody sees before it is put in place by ``swap``.

        Raises:
            NotReady: the disk is full.
        """
        return self._shared("tail", columns, attributes)

    def stow(self, attributes: Attributes, arrays: Arrays, rows: int, upto: int) -> P:
        """Write a segment, which nobody sees before it is put in place by ``swap``.

        Args:
            attributes: what ``load`` is to know beside the arrays.
            arrays: the segment's.
            rows: how many of its rows can end.
            upto: the last change that it contains; later ones that end rows of it are replayed.

        Raises:
            NotReady: the disk is full.
            Conflict: this process may not write.
        """
        with self._stowing:
            name = self._segment_file(
                "segment", self._manifest.kind, {**attributes, ROWS: rows}, arrays
            )
            marks = np.zeros(-(-rows // 64), np.uint64)
            try:
                part = self._with_live(Listed(name, "", upto=upto), marks)
            except (MemoryError, NotReady):
                self._folder.remove([name])
                raise
        with self._freshening:
            self._fresh.append(part)
        return part.place

    def end(self, place: P, positions: NDArray[np.int64]) -> None:
        """Mark rows of a segment as ended by the last change, for every process at once."""
        part = self._part(place)
        steps.end(place, positions)
        part.last = self.seq
        if part.listed.since is None:
            part.listed = replace(part.listed, since=int(time.time()))

    def swap(self, places: Sequence[P], tail: SharedFile, record: Record | None = None) -> None:
        """Make *places* and *tail* what the index is.

        Args:
            places: segments that were there or were stowed.
            tail: a new one, or the one that was there.
            record: a change that this very step makes; then the tail is new and empty, and all
                entries are in segments.

        Raises:
            NotReady: the disk is full; nothing has changed.
            Conflict: this process may not write.
        """
        self._may_write()
        self.confirm()
        kept = [self._part(place) for place in places]
        log = self._log if self._log and record is None else self._new_log(record)
        manifest = self._next_manifest(kept, tail, log, record)
        self._write(manifest, log)
        if log is not self._log and self._log:
            self._log.close()
        self._log, self._manifest, self._kept, self._tail = log, manifest, kept, tail
        with self._freshening:
            self._fresh = [part for part in self._fresh if part not in kept]
        self._folder.listed(manifest)
        for part, listed in zip(kept, manifest.segments, strict=True):
            part.listed = listed
        if record:
            self.seq, self.mark = record.seq, record.mark
        self._control.note_log(log.number, log.size)
        self._control.show_generation(manifest.generation)
        if not self._unsynced:
            self._sweep()

    def confirm(self) -> None:
        """Make sure that the swapped manifest is on the disk, and remove what it replaced.

        Raises:
            NotReady: it can't be made sure.
        """
        if self._unsynced:
            with steps.refused_as_not_ready():
                steps.sync_directory(self._directory)
            self._unsynced = False
            self._sweep()

    def discard(self, place: P) -> None:
        """Remove a stowed segment that is not put in place after all."""
        part = self._part(place)
        with self._freshening:
            self._fresh.remove(part)
        self._folder.remove([part.listed.segment, part.listed.live])

    def discard_fresh(self) -> None:
        """Remove whatever was stowed and is not put in place."""
        for part in list(self._fresh):
            self.discard(part.place)

    def discard_tail(self, tail: SharedFile) -> None:
        """Remove a tail that is not put in place after all."""
        self._folder.remove([tail.name])

    def overdue(self, seconds: float) -> list[P]:
        """Return the segments that hold rows which ended so long ago, as far as is known."""
        times = ((part, part.listed.since) for part in self._kept)
        return [part.place for part, time in times if time is not None and _is_due(time, seconds)]

    def log_is_old(self, seconds: float) -> bool:
        """Tell whether the log began so long ago that what ended since should leave the disk."""
        if self._log is None or self._log.size == HEADER.itemsize:
            return False
        return _is_due(self._begun[self._manifest.logs[-1]][1], seconds)

    def copies_due(self, seconds: float) -> bool:
        """Tell whether the marks should be copied, so that old logs can go."""
        logs = self._manifest.logs
        old = any(_is_due(self._begun[name][1], seconds) for name in logs[:-1])
        return len(logs) > MOST_LOGS or old

    def marks(self) -> list[tuple[Kept[P], Words, int]]:
        """Copy in memory the marks of which there is no lasting copy, with the last change."""
        changed = (part for part in self._kept if part.last > part.listed.upto)
        return [(part, part.words.copy(), self.seq) for part in changed]

    def write_marks(self, words: Words) -> str:
        """Write a lasting copy and return its name. Needs no lock.

        Raises:
            NotReady: the disk is full.
            Conflict: this process may not write.
        """
        with self._stowing:
            return self._segment_file("ended", ENDED, {}, {ENDED: words})

    def put_marks(self, copies: list[tuple[Kept[P], str, int]]) -> None:
        """Let lasting copies hold for those segments that are still there.

        Raises:
            NotReady: the disk is full; nothing has changed.
        """
        for part, name, upto in copies:
            if part in self._kept:
                part.listed = replace(part.listed, ended=name, upto=upto)
            else:
                self._folder.remove([name])
        if self._tail:
            self.swap(self.places, self._tail)

    def close(self) -> None:
        """Let go of the directory. Whoever searches goes on."""
        with self._stowing:
            if self._log:
                self._log.close()
                self._log = None
            self._lock.release()

    def _recover(self) -> None:
        """Find out what the directory holds, and make its marks anew."""
        try:
            manifest = read_manifest(self._directory)
        except FileNotFoundError:
            if self._control.generation:
                raise IntegrityFailure(DAMAGED.format("the manifest")) from None
            return
        if manifest.kind != self._manifest.kind:
            raise Conflict(f"this directory holds an index of {manifest.kind}")
        try:
            found = recover(self._directory, manifest, self._load, self._control)
        except FileNotFoundError as error:
            raise IntegrityFailure(DAMAGED.format("a file that is missing")) from error
        self._number_on(manifest)
        self.pending, self.seq, self.mark = found.pending, found.seq, found.mark
        for part in found.kept:
            again = self._with_live(part.listed, part.words)
            again.last = part.last
            self._kept.append(again)
        now = int(time.time())
        for name, log in zip(manifest.logs, found.logs, strict=True):
            self._begun[name] = log.first, log.records[0].time if log.records else now
        name = manifest.logs[-1]
        self._log = Log(self._directory / name, number_of(name), found.logs[-1].size)

    def _number_on(self, manifest: Manifest) -> None:
        """Go on with the numbers of what is there, so that no name ever means two things."""
        generation = max(manifest.generation, self._control.generation)
        self._manifest = replace(manifest, generation=generation)
        self._folder.number = max(self._folder.number, manifest.number)

    def _part(self, place: P) -> Kept[P]:
        return next(part for part in [*self._kept, *self._fresh] if part.place is place)

    def _segment_file(self, stem: str, kind: str, attributes: Attributes, arrays: Arrays) -> str:
        """Write a segment file and return its name."""
        self._may_write()
        name = self._folder.name(stem)
        with steps.refused_as_not_ready():
            write_segment(self._directory / name, kind, attributes, arrays)
        self._verified.note([name])
        return name

    def _shared(self, stem: str, columns: Columns, attributes: Attributes) -> SharedFile:
        name = self._folder.name(stem)
        try:
            with steps.refused_as_not_ready():
                kind = self._manifest.kind
                return shared.create(self._directory / name, kind, columns, attributes)
        except NotReady:
            self._folder.remove([name])
            raise

    def _with_live(self, listed: Listed, words: Words) -> Kept[P]:
        """Map a segment, with its marks where every process sees them."""
        live = self._shared("live", {ENDED: (np.uint64, words.shape)}, {})
        live.arrays[ENDED][:] = words
        listed = replace(listed, live=live.name)
        return loaded(self._directory, listed, self._load, live.arrays[ENDED])

    def _writable_log(self) -> Log:
        self._may_write()
        if self._log is None:
            raise Conflict("this index was closed")
        return self._log

    def _may_write(self) -> None:
        if not self._lock.held:
            raise Conflict("this index was closed, or belongs to the process this one comes from")

    def _new_log(self, record: Record | None) -> Log:
        name = self._folder.name("log")
        first = record.seq if record else self.seq + 1
        with steps.refused_as_not_ready():
            path = self._directory / name
            log = create_log(path, number_of(name), first, [record] if record else [])
        self._begun[name] = first, int(time.time())
        return log

    def _next_manifest(
        self, kept: list[Kept[P]], tail: SharedFile, log: Log, record: Record | None
    ) -> Manifest:
        now = self._manifest
        contained = record.seq - 1 if record else self.seq
        forgotten = self._begun[now.logs[0]][0] - 1 if now.logs else 0
        listed = tuple(_brought_up(part, contained, forgotten) for part in kept)
        flushed = record.seq if record else now.flushed
        names = [*now.logs, f"log-{log.number}"] if log is not self._log else [*now.logs]
        needed = min([flushed, *(part.upto for part in listed)])
        while len(names) > 1 and self._begun[names[1]][0] <= needed + 1:
            del names[0]
        return replace(
            now,
            generation=now.generation + 1,
            number=self._folder.number,
            mark=record.mark if record else self.mark,
            flushed=flushed,
            tail=tail.name,
            logs=tuple(names),
            segments=listed,
        )

    def _write(self, manifest: Manifest, log: Log) -> None:
        """Swap the manifest. Once it has its name there is no way back."""
        try:
            with steps.refused_as_not_ready():
                write_manifest(self._directory, manifest)
        except NotReady:
            if self._holds(manifest):
                self._unsynced = True
                return
            if log is not self._log:
                log.close()
                self._folder.remove([f"log-{log.number}"])
            raise

    def _holds(self, manifest: Manifest) -> bool:
        with suppress(FileNotFoundError):
            return read_manifest(self._directory).generation == manifest.generation
        return False

    def _sweep(self) -> None:
        """Remove what is no part of the index any more; what can't be is left for next time."""
        self._begun = {name: self._begun[name] for name in self._manifest.logs}
        self._folder.sweep(self._manifest)


def _is_due(since: int, seconds: float) -> bool:
    """Tell whether *since* is so long ago, or may be."""
    now = time.time()
    return not now - seconds < since <= now + CLOCK_SECONDS


def _brought_up(part: Kept[P], seq: int, forgotten: int) -> Listed:
    """List a segment; if nothing of it ended since its last copy, the copy is still right.

    Of a merged one this holds up to the last change that is in no log any more: what ended
    later in one of its sources is what kept the log.
    """
    contained = seq if part.last <= part.listed.upto else forgotten
    return replace(part.listed, upto=max(part.listed.upto, contained))
