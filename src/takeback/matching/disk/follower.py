"""A reader of an index's directory: any process, any number, none is noticed by the writer.

A search looks at the control file's generation, and maps what the manifest names anew if that
moved. Nothing is locked: threads that notice it at the same time each do so, and one view stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

from takeback.errors import Conflict, IntegrityFailure, NotReady
from takeback.matching.disk import shared, steps
from takeback.matching.disk.control import Control
from takeback.matching.disk.files import DAMAGED
from takeback.matching.disk.log import Record
from takeback.matching.disk.manifest import Listed, Manifest, read_manifest
from takeback.matching.disk.recovery import ENDED, Kept, Load, P, loaded, recover
from takeback.matching.disk.shared import SharedFile
from takeback.matching.disk.verified import Verified

ATTEMPTS: Final = 100
"""How often a file may be gone because the writer swapped the manifest meanwhile."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class View(Generic[P, T]):
    """What is searched until the generation moves."""

    generation: int
    places: tuple[P, ...]
    tail: T
    kept: tuple[Kept[P], ...]
    """The same segments, with the names of their files."""

    mark: int | None
    """Of a view that nobody changes; otherwise the control file has it."""


class Loading(NamedTuple, Generic[P, T]):
    """How an index makes what it searches."""

    segment: Load[P]
    """Of its file and its marks."""

    tail: Callable[[SharedFile], T]
    """Of the shared file that the writer adds to."""

    own_tail: Callable[[list[Record]], T]
    """One that stays as it is, of changes; for when nothing was written since the machine
    started, so that shared files tell nothing."""


class Follower(Generic[P, T]):
    """A directory, open for reading. Safe to share by threads and to take into a fork.

    Args:
        directory: the index's own.
        kind: of the index.
        loading: how it makes what it searches.
        noting: whether what is verified may be noted there, so that nobody reads it again.

    Raises:
        NotReady: there is nothing whole there yet.
        IntegrityFailure: something is damaged.
        Conflict: it is an index of another kind.
    """

    def __init__(
        self, directory: Path, kind: str, loading: Loading[P, T], *, noting: bool = True
    ) -> None:
        self._directory, self._kind, self._loading = directory, kind, loading
        self._noting = noting
        try:
            self._control = Control(directory, writable=False)
        except (FileNotFoundError, ValueError) as error:
            raise _nothing_there() from error
        except PermissionError as error:
            raise _not_ours() from error
        self._view = self._fresh_view(())

    def view(self) -> View[P, T]:
        """Return what holds now, mapped anew if need be."""
        view = self._view
        if self._control.generation > view.generation or self._is_outlived(view):
            view = self._view = self._fresh_view(view.kept)
        return view

    @property
    def mark(self) -> int:
        """Return the mark of the last change that a search sees."""
        view = self._view
        if view.mark is None or self._is_outlived(view):
            return self._control.mark
        return view.mark

    @property
    def replaced(self) -> int:
        """Return how many changes replaced entries; a search during which it moves is repeated."""
        return self._control.replaced

    def _is_outlived(self, view: View[P, T]) -> bool:
        """Tell whether a writer came to a view that was made without one."""
        return view.mark is not None and self._control.trusted

    def _fresh_view(self, known: tuple[Kept[P], ...]) -> View[P, T]:
        """Read the manifest and map what it names; again if that went away meanwhile."""
        for _ in range(ATTEMPTS):
            manifest = self._manifest()
            try:
                return self._followed(manifest, known)
            except FileNotFoundError:
                if self._manifest().generation == manifest.generation:
                    raise IntegrityFailure(DAMAGED.format("a file that is missing")) from None
        raise NotReady("the index changes faster than it can be opened")

    def _manifest(self) -> Manifest:
        try:
            manifest = read_manifest(self._directory)
        except FileNotFoundError as error:
            raise _nothing_there() from error
        if manifest.kind != self._kind:
            raise Conflict(f"this directory holds an index of {manifest.kind}")
        return manifest

    def _followed(self, manifest: Manifest, known: tuple[Kept[P], ...]) -> View[P, T]:
        if not self._control.trusted:
            return self._recovered(manifest)
        held = {part.listed.live: part for part in known}
        fresh = [part.segment for part in manifest.segments if part.live not in held]
        Verified(self._directory, noting=self._noting).verify(fresh)
        kept = tuple(held.get(part.live) or self._mapped(part) for part in manifest.segments)
        tail = self._loading.tail(shared.follow(self._directory / manifest.tail))
        places = tuple(part.place for part in kept)
        return View(manifest.generation, places, tail, kept, None)

    def _mapped(self, listed: Listed) -> Kept[P]:
        words = shared.follow(self._directory / listed.live).arrays[ENDED]
        return loaded(self._directory, listed, self._loading.segment, words)

    def _recovered(self, manifest: Manifest) -> View[P, T]:
        """Find out what holds as a writer would, but in this process alone."""
        load = self._loading.segment
        found = recover(self._directory, manifest, load, self._control, noting=self._noting)
        places = tuple(part.place for part in found.kept)
        tail = self._loading.own_tail(found.pending)
        return View(manifest.generation, places, tail, (), found.mark)


def _nothing_there() -> NotReady:
    return NotReady("there is no index yet; it is made by the matcher that follows the hub")


def _not_ours() -> NotReady:
    refused = NotReady("the index can't be read by this user")
    refused.hint = steps.GIVE_RIGHT
    return refused
