"""How often chance alone brings a match: uploads looked up among crops of other pictures.

Registered are crops of the corpus. Looked up are all its edited copies, and further crops if so
wanted, each against the crops of pictures that it does not show, through the real indexes and
rule; of 209 pictures that is more than a thousand million pairs. Matches are counted
on each ground. So are pairs that nearly match, to see how their number falls towards what
suffices, and to carry that on.

What each picture's uploads gave is kept; a run that was stopped goes on where it was.

    python -m benchmarks.robustness.chance --corpus ../shared/corpus --processes 3
    python -m benchmarks.robustness.chance --pictures 6 --registered 600 --tiles 60
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.robustness.bank import VIEWS, Bank
from benchmarks.robustness.corpus import Subject, related, subjects
from benchmarks.robustness.crops import Crops, Role, described_crops
from benchmarks.robustness.editions import code_of, hashing_edition, matching_edition
from benchmarks.robustness.measure import Kept, describe_all, subject_digest, write
from benchmarks.robustness.options import parser
from benchmarks.robustness.page import put
from benchmarks.robustness.progress import in_processes
from benchmarks.robustness.signals import unpack
from benchmarks.robustness.tails import FARTHEST, KEYPOINTS, NEAR, Near, Pairs, table
from numpy.typing import NDArray

from takeback.hashing import MATCH_DISTANCE, PictureSignals, signals_to_array
from takeback.matching.evidence import judge_distance, judge_keypoints
from takeback.matching.lookup.pictures import views_of
from takeback.matching.lookup.turns import WAYS

REGISTERED: Final = 62_700
TILES: Final = 0

MOST: Final = 2_000
"""Entries a look is answered with: more than a picture has crops."""

FEWEST_VOTES: Final = 2
"""Pairs of so many votes are counted, whether they suffice or not."""

BATCH: Final = 5_000

ONE_IN: Final = 12
"""Pairs of signals farther apart than what suffices are counted for one in so many uploads:
beyond the tables every signal is compared with every other."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """What every upload is looked up among."""

    bank: Bank
    registered: Crops
    tiles: Crops
    kept: Kept
    chosen: Sequence[Subject]

    def uploads(self, number: int) -> Iterator[tuple[PictureSignals, frozenset[int]]]:
        """Yield what is looked up of one picture, with the pictures that it shows."""
        seen = related(self.chosen)[number]
        for file in self.kept.read(self.chosen[number], "query").files():
            yield unpack(file), seen
        for tile in np.flatnonzero(self.tiles.sources == number):
            yield self.tiles.picture(int(tile)), frozenset([number])

    def of(self, number: int) -> NDArray[np.int64]:
        """Return the numbers of the registered crops of one picture."""
        return np.flatnonzero(self.registered.sources == number)

    def different(self, seen: frozenset[int]) -> NDArray[np.bool_]:
        """Tell of each registered crop whether it shows none of these pictures."""
        return ~np.isin(self.registered.sources, list(seen))


def main() -> int:
    """Look up, fit, print."""
    options = _arguments()
    chosen, kept = subjects(options.corpus, options.pictures), Kept(options.cache)
    describe_all(chosen, ["query"], kept, options.processes)
    registered = _crops(chosen, "reporter", options.registered, options)
    tiles = _crops(chosen, "query", options.tiles, options)
    edition = f"{len(registered)} {len(tiles)} {hashing_edition()} {matching_edition()}"
    paths = [_path(kept, each, edition) for each in chosen]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if missing:
        _SHARED.append(Strangers(_filled(registered), registered, tiles, kept, chosen))
        work = in_processes(_near, missing, options.processes, "looking up", start="fork")
        for number, (near, pairs) in work:
            write(paths[number], near=near, pairs=np.array(pairs))
    tables = {"chance": table([_read(path) for path in paths])}
    print(tables["chance"])
    if options.write:
        put(options.write, tables)
    return 0


def _arguments() -> argparse.Namespace:
    found = parser(__doc__)
    found.add_argument("--registered", type=int, default=REGISTERED, help="crops registered")
    found.add_argument("--tiles", type=int, default=TILES, help="further crops looked up")
    return found.parse_args()


def _crops(chosen: Sequence[Subject], role: Role, count: int, options: argparse.Namespace) -> Crops:
    return described_crops(chosen, role, count, options.cache, options.processes)


def _filled(crops: Crops) -> Bank:
    bank = Bank()
    for begin in range(0, len(crops), BATCH):
        numbers = range(begin, min(begin + BATCH, len(crops)))
        bank.register({number: crops.picture(number) for number in numbers})
    bank.settle()
    return bank


_SHARED: Final[list[Strangers]] = []
"""What forked processes find in memory."""


def _near(number: int) -> tuple[Near, Pairs]:
    """Look up all uploads of one picture, while its own crops are not registered."""
    among = _SHARED[-1]
    own = {int(n): among.registered.picture(n) for n in among.of(number)}
    among.bank.withdraw(own)
    try:
        return _counted(among, number)
    finally:
        among.bank.register(own)


def _counted(among: Strangers, number: int) -> tuple[Near, Pairs]:
    counts: Counter[tuple[str, str, int, bool, bool]] = Counter()
    pairs = [0, 0]
    for upload_number, (upload, seen) in enumerate(among.uploads(number)):
        far, sampled = among.different(seen), upload_number % ONE_IN == 0
        counts.update(_voted(among.bank, upload, far))
        counts.update((*key, False) for key in _close(among.bank, upload, far, MATCH_DISTANCE))
        pairs[0] += int(far.sum())
        if sampled:
            counts.update((*key, True) for key in _close(among.bank, upload, far, FARTHEST))
            pairs[1] += int(far.sum())
    rows = [(*key, count) for key, count in counts.items()]
    return np.array(rows, NEAR), (pairs[0], pairs[1])


def _voted(
    bank: Bank, upload: PictureSignals, far: NDArray[np.bool_]
) -> Iterator[tuple[str, str, int, bool, bool]]:
    """Yield the crops in which places agree with the upload's, each with most votes."""
    best: dict[int, tuple[str, str, int, bool, bool]] = {}
    for look in upload.keypoints:
        for match in bank.keypoints.search_look(look, limit=MOST, needed=FEWEST_VOTES):
            votes = match.agreement.votes
            if far[match.id] and (match.id not in best or best[match.id][2] < votes):
                passed = judge_keypoints(match) is not None
                best[match.id] = (KEYPOINTS, look.look, votes, passed, False)
    yield from best.values()


def _close(
    bank: Bank, upload: PictureSignals, far: NDArray[np.bool_], radius: int
) -> Iterator[tuple[str, str, int, bool]]:
    """Yield the crops one of whose views is near one of the upload's, view by view."""
    views = views_of(upload)
    if not views:
        return
    signals = signals_to_array([each for view in views for each in view.dihedral])
    best: dict[tuple[int, str, str], tuple[int, bool]] = {}
    for query, row, distance in bank.index.search(signals, radius, limit=None):
        if far[row >> 8]:
            view, registered = views[query // WAYS], VIEWS[row & 15]
            passed = judge_distance(distance, view.view, registered, None) is not None
            key = (row >> 8, view.view, registered)
            best[key] = min(best.get(key, (999, False)), (distance, passed))
    for (_, view_name, registered), (distance, passed) in best.items():
        yield view_name, registered, distance, passed


def _path(kept: Kept, subject: Subject, edition: str) -> Path:
    return kept.folder / "chance" / f"{subject_digest(subject, edition, _edition())}.npz"


def _edition() -> str:
    return code_of(Path(__file__).parent / f"{name}.py" for name in ("bank", "chance", "crops"))


def _read(path: Path) -> tuple[Near, Pairs]:
    with np.load(path) as kept:
        return kept["near"], tuple(kept["pairs"].tolist())


if __name__ == "__main__":
    sys.exit(main())
