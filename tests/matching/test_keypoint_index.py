"""The keypoint index answers what comparing everything with everything would."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PIL import Image

from takeback.hashing.decode import upright_pixels
from takeback.hashing.keypoint_signals import (
    KeypointLook,
    KeypointSignals,
    KeypointView,
    whole_look,
)
from takeback.hashing.keypoints import describe_pixels
from takeback.hashing.place import Place
from takeback.matching.keypoints import guide as keypoint_guide
from takeback.matching.keypoints import kernels as keypoint_kernels
from takeback.matching.keypoints import rows as keypoint_rows
from takeback.matching.keypoints.index import KeypointIndex, KeypointMatch, KeypointPolicy, warm_up
from tests.hashing.photographs import IN_WHEEL, NAMES
from tests.matching.keypoint_oracle import (
    KEYPOINTS,
    POLICIES,
    SMALL,
    Found,
    compare_everything,
    in_parts,
    look_at,
    look_for,
    pictures,
    shown,
    strange,
)

COFFEE = NAMES.index("coffee.png")

EDITS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "cropped": lambda p: p.crop((p.width // 4, p.height // 5, p.width * 4 // 5, p.height)),
    "mirrored": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "inverted": lambda p: Image.eval(p, lambda value: 255 - value),
    "turned": lambda p: p.rotate(12, Image.Resampling.BICUBIC),
    "small": lambda p: p.resize((p.width // 3, p.height // 3)),
}


def opened(number: int) -> Image.Image:
    """Open one of the photographs."""
    return Image.fromarray(upright_pixels(IN_WHEEL[number]))


def upload_of(picture: Image.Image) -> KeypointLook:
    """Look at an upload."""
    return whole_look(describe_pixels(np.asarray(picture)).looked_up())


@pytest.fixture(scope="module")
def photographs() -> dict[int, KeypointSignals]:
    """The photographs and textures of the wheel, by their numbers."""
    described = [describe_pixels(upright_pixels(path)).registered(80) for path in IN_WHEEL]
    return dict(enumerate(described))


@pytest.fixture(scope="module", params=["compared", "small tables", "wide tables"], ids=str)
def full(request: pytest.FixtureRequest, photographs: dict[int, KeypointSignals]) -> KeypointIndex:
    """The photographs, among strangers, in an index of each policy."""
    index = KeypointIndex(POLICIES[request.param])
    index.add(range(100, 300), pictures(200, seed=1))
    index.add(list(photographs), list(photographs.values()))
    index.settle()
    return index


@pytest.mark.parametrize("edit", EDITS)
def test_edited_copies_are_found_as_by_comparing_everything(
    full: KeypointIndex, photographs: dict[int, KeypointSignals], edit: str
) -> None:
    """The same entries in the same views with the same votes, in the same order."""
    for number in (COFFEE, 1, 10):
        look = upload_of(EDITS[edit](opened(number)))

        found = [
            Found(match.agreement.votes, match.id, match.agreement.view)
            for match in full.search([look])
        ]

        assert number in [each.id for each in found]
        assert found == compare_everything(photographs, look)


def test_a_place_is_one_in_the_whole_upload(full: KeypointIndex) -> None:
    """Where only the lower right quarter was looked at, the corners lie there."""
    quarter = KeypointLook("panel", Place(0.5, 0.5, 1.0, 1.0), upload_of(opened(COFFEE)).views)

    match = full.search([quarter])[0]

    assert (match.id, match.look) == (COFFEE, "panel")
    corners = np.array(match.agreement.place)
    assert np.abs(corners - [(0.5, 0.5), (1, 0.5), (1, 1), (0.5, 1)]).max() < 0.03
    assert abs(match.agreement.scale - 0.5) < 0.03


def test_a_match_holds_what_agreed(
    full: KeypointIndex, photographs: dict[int, KeypointSignals]
) -> None:
    """Both sides' keypoints, numbered as the agreeing pairs number them."""
    look = upload_of(EDITS["mirrored"](opened(COFFEE)))

    match = full.search([look])[0]

    assert match.registered.pack() == photographs[COFFEE].pack()
    assert match.looked_up.pack() == look.views[KeypointView.MIRRORED].pack()
    ours, theirs = match.agreement.pairs.T
    bits = np.bitwise_count(match.registered.bits[ours] ^ match.looked_up.bits[theirs]).sum(axis=1)
    assert bits.max() <= 60


@given(st.integers(0, 39), st.floats(0, 0.14), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("policy", ["small tables", "as shipped"])
def test_a_picture_that_is_shown_is_found(
    policy: str, number: int, noise: float, seed: int
) -> None:
    """Under its id, with the votes that comparing everything gives it; strangers are not."""
    bank = dict(enumerate(pictures(40, seed=3)))
    index = KeypointIndex(POLICIES[policy])
    index.add(list(bank), list(bank.values()))
    random = np.random.default_rng(seed)
    look = look_at(strange(random, 30), shown(bank[number], random, noise))

    found = index.search([look])

    expected = compare_everything(bank, look)
    assert [(m.agreement.votes, m.id) for m in found] == [(e.votes, e.id) for e in expected]
    assert [match.id for match in found] == [number]


def test_an_empty_index_answers_nothing() -> None:
    """Nor does a search without looks, or of an upload without keypoints."""
    nothing = strange(np.random.default_rng(1), 0)
    index = KeypointIndex()
    assert index.search([look_for(pictures(1, seed=1)[0])]) == []

    index.add([1], pictures(1, seed=1))

    assert index.search([]) == []
    assert index.search([look_at(nothing)]) == []
    assert index.search([KeypointLook("whole", Place(0, 0, 1, 1), {})]) == []


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_a_picture_without_keypoints_is_an_entry_that_is_never_found(
    policy: KeypointPolicy,
) -> None:
    """Nothing in it stood out; its neighbours are found all the same."""
    bank = pictures(6, seed=2)
    nothing = strange(np.random.default_rng(1), 0)
    index = KeypointIndex(policy)

    index.add([1, 2, 3, 4, 5, 6, 7, 8], [nothing, *bank[:3], nothing, *bank[3:]])

    assert len(index) == 8
    assert [index.search([look_for(picture)])[0].id for picture in bank] == [2, 3, 4, 6, 7, 8]


def test_matches_come_in_the_order_of_their_votes() -> None:
    """Then by id; the limit keeps the first."""
    bank = pictures(1, seed=4)[0]
    index = KeypointIndex()
    index.add([8, 5, 6, 7], [bank, bank.first(9), bank, bank.first(5)])

    found = index.search([look_for(bank)])

    assert [match.id for match in found] == [6, 8, 5, 7]
    assert [m.id for m in index.search([look_for(bank)], limit=2)] == [6, 8]


def test_fewer_votes_than_needed_are_no_match() -> None:
    """And more may be asked for."""
    bank = pictures(1, seed=4)[0]
    index = KeypointIndex()
    index.add([1, 2], [bank, bank.first(2)])

    assert [match.id for match in index.search([look_for(bank)])] == [1]
    assert index.search([look_for(bank)], needed=KEYPOINTS + 1) == []
    assert [match.id for match in index.search([look_for(bank)], needed=2)] == [1, 2]


def test_a_sure_match_ends_the_search() -> None:
    """Later looks are not taken; without the caller's word all are, and the best is answered."""
    first, second = pictures(2, seed=5)
    index = KeypointIndex()
    index.add([1, 2], [first, second])
    looks = [look_for(first), look_for(second)]
    asked: list[int] = []

    def sure(match: KeypointMatch) -> bool:
        asked.append(match.id)
        return True

    assert [match.id for match in index.search(looks, sure=sure)] == [1]
    assert asked == [1]
    assert sorted(match.id for match in index.search(looks)) == [1, 2]
    assert sorted(m.id for m in index.search(looks, sure=lambda _: False)) == [1, 2]


def test_the_best_look_at_an_entry_is_answered() -> None:
    """Once, whatever the order of the looks."""
    picture = pictures(1, seed=6)[0]
    index = KeypointIndex()
    index.add([1], [picture])
    poor = KeypointLook("poor", Place(0, 0, 1, 1), look_for(picture.first(5)).views)

    for looks in ([poor, look_for(picture)], [look_for(picture), poor]):
        assert [match.look for match in index.search(looks)] == ["whole"]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_a_withdrawn_entry_is_found_no_longer(policy: KeypointPolicy) -> None:
    """At once; the others stay, and it can come back."""
    bank = pictures(9, seed=7)
    index = KeypointIndex(policy)
    index.add(range(9), bank)

    index.withdraw([4, 77, 4])

    assert index.search([look_for(bank[4])]) == []
    assert [m.id for m in index.search([look_for(bank[5])])] == [5]
    assert (4 in index, 5 in index, len(index)) == (False, True, 8)
    index.add([4], [bank[4]])
    assert [m.id for m in index.search([look_for(bank[4])])] == [4]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_adding_a_known_id_replaces_its_keypoints(policy: KeypointPolicy) -> None:
    """The old ones match no more, though a segment still holds them."""
    bank = pictures(10, seed=8)
    index = KeypointIndex(policy)
    index.add(range(9), bank[:9])

    index.add([4], bank[9:])

    assert index.search([look_for(bank[4])]) == []
    assert [m.id for m in index.search([look_for(bank[9])])] == [4]
    assert len(index) == 9


@pytest.mark.parametrize("policy", ["compared", "small tables"])
def test_withdrawn_keypoints_are_gone_from_memory(policy: str) -> None:
    """Neither rows nor tables tell their bits; the same look finds them before."""
    bank = pictures(9, seed=9)
    index = KeypointIndex(POLICIES[policy])
    index.add(range(9), bank)
    index.settle()
    assert held_rows(index) == {bits.tobytes() for picture in bank for bits in picture.bits}

    index.withdraw([3])

    assert not held_rows(index) & {bits.tobytes() for bits in bank[3].bits}
    for segment in index.places():
        withdrawn = np.flatnonzero(segment.ids == 3)
        for picture in withdrawn:
            own = np.arange(*segment.rows.first[picture : picture + 2])
            assert not np.isin(segment.tables.entries & keypoint_kernels.LOWER, own).any()
            assert not segment.rows.places[own].any()


@pytest.mark.parametrize("policy", ["compared", "small tables"])
def test_what_a_withdrawn_entry_had_replaced_is_gone_as_well(policy: str) -> None:
    """Its former keypoints may still lie in a segment that has not been merged since."""
    bank = pictures(20, seed=12)
    index = KeypointIndex(POLICIES[policy])
    index.add(range(19), bank[:19])
    index.settle()
    index.add([3], bank[19:])

    index.withdraw([3])

    gone = {bits.tobytes() for picture in (bank[3], bank[19]) for bits in picture.bits}
    assert not held_rows(index) & gone


def held_rows(index: KeypointIndex) -> set[bytes]:
    """Collect every keypoint's bits that lie in the index's memory, ended or not."""
    return {row.tobytes() for segment in index.places() for row in segment.rows.words}


@pytest.mark.parametrize(
    "ids",
    [[1], [1, 2, 3], [1, 1], [1.0, 2.0], [[1], [2]], ["1", "2"], np.array([1, 2], np.uint64)],
    ids=["too few", "too many", "twice the same", "fractions", "two axes", "text", "uint64"],
)
def test_malformed_ids_are_refused(ids: Any) -> None:  # noqa: ANN401
    """Nothing of the call is added."""
    index = KeypointIndex()

    with pytest.raises(ValueError, match="ids must be"):
        index.add(ids, pictures(2, seed=1))

    assert len(index) == 0


def test_a_search_after_the_warm_up_compiles_nothing() -> None:
    """No request waits for the compiler."""
    warm_up()
    loops: list[Any] = [
        keypoint_kernels.probe,
        keypoint_kernels.verify,
        keypoint_kernels.remove_entries,
        keypoint_guide.check,
        keypoint_rows.copy_rows,
    ]
    bank = pictures(200, seed=1)
    index = KeypointIndex()

    index.add(range(200), bank)
    index.search([look_for(bank[0])])
    index.withdraw([1, 2])

    assert [len(loop.signatures) for loop in loops] == [1] * len(loops)


class Bank(RuleBasedStateMachine):
    """Random walks over an index, beside a dictionary of what it should hold."""

    known = pictures(12, seed=10)
    ids = st.lists(st.integers(-3, 30), unique=True, max_size=9)
    choice = st.integers(0, len(known) - 1)

    @initialize(tail=st.sampled_from([0, 2, 6]))
    def begin(self, tail: int) -> None:
        """Start empty, with sizes that make merges frequent."""
        self.index = KeypointIndex(KeypointPolicy(tail_rows=tail * KEYPOINTS, layouts=SMALL))
        self.bank: dict[int, int] = {}

    @rule(ids=ids, first=choice)
    def add(self, ids: list[int], first: int) -> None:
        """Add entries, some of them known, some with the picture they have."""
        numbers = [(first + i) % len(self.known) for i in range(len(ids))]
        self.index.add(ids, [self.known[number] for number in numbers])
        self.bank.update(zip(ids, numbers, strict=True))

    @rule(ids=st.lists(st.integers(-3, 30), max_size=9))
    def withdraw(self, ids: list[int]) -> None:
        """Withdraw entries, some of them unknown, some of them twice."""
        self.index.withdraw(ids)
        for entry in ids:
            self.bank.pop(entry, None)

    @rule()
    def settle(self) -> None:
        """Let the merges finish."""
        self.index.settle()

    @rule(number=choice, limit=st.sampled_from([1, 3, 50]))
    def search(self, number: int, limit: int) -> None:
        """Whatever happened, the entries that hold a picture are those that are found."""
        found = self.index.search([look_for(self.known[number])], limit=limit)
        holding = sorted(entry for entry, held in self.bank.items() if held == number)
        assert [match.id for match in found] == holding[:limit]

    @invariant()
    def members_are_those_added_and_not_withdrawn(self) -> None:
        """Length and membership agree with the dictionary."""
        assert len(self.index) == len(self.bank)
        assert all((entry in self.index) == (entry in self.bank) for entry in range(-3, 31, 5))


TestBank = Bank.TestCase
TestBank.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_entries_added_in_parts_and_in_no_order_are_all_found() -> None:
    """Ids have no order of their own; merges put them in one."""
    bank = pictures(60, seed=11)
    ids = np.random.default_rng(1).permutation(5000)[:60].tolist()
    index = KeypointIndex(POLICIES["small tables"])

    for part in in_parts(ids, 7):
        index.add([ids[i] for i in part], [bank[i] for i in part])
    index.settle()

    found = [index.search([look_for(picture)])[0].id for picture in bank]
    assert found == ids
    assert len(index.places()) < 6
