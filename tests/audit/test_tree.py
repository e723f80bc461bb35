"""The tree, against the definitions of RFC 6962 written down as they stand there."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.audit import tree
from takeback.audit.tree import EMPTY_ROOT, Growing, leaf_hash

SIZES = range(1, 34)


def mth(leaves: Sequence[bytes]) -> bytes:
    """Section 2.1: the Merkle tree hash of the leaves."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.1: the audit path of leaf m."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Section 2.1.2: the consistency proof of the first m leaves."""
    return subproof(m, leaves, whole=True)


def subproof(m: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """Section 2.1.2: SUBPROOF(m, D[n], b)."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def largest_power_below(n: int) -> int:
    """Return the largest power of two below n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def data(size: int) -> list[bytes]:
    """Return *size* different leaves."""
    return [f"event {number}".encode() for number in range(size)]


class Stored:
    """What the rows of a log of these leaves hold."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Append the leaves one by one."""
        self.leaves = [leaf_hash(leaf) for leaf in leaves]
        self.grown = Growing()
        self.nodes = [self.grown.append(leaf) for leaf in self.leaves]

    def leaf(self, number: int) -> bytes:
        """Return a leaf's hash."""
        return self.leaves[number - 1]

    def node(self, number: int) -> bytes:
        """Return a leaf's node."""
        return self.nodes[number - 1]


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_growing_root_is_the_root_of_the_definition(leaves: list[bytes]) -> None:
    """Appending one by one, and reading from the stored nodes, give the same root."""
    stored = Stored(leaves)

    assert stored.grown.root() == mth(leaves)
    assert tree.root(stored, len(leaves)) == mth(leaves)


def test_the_empty_tree_has_the_root_of_the_definition() -> None:
    """SHA-256 of nothing."""
    assert Growing().root() == EMPTY_ROOT == mth([])


@pytest.mark.parametrize("size", SIZES)
def test_the_peaks_are_found_among_the_stored_nodes(size: int) -> None:
    """A log's tree goes on growing from a few of its rows."""
    stored = Stored(data(size))

    assert [stored.node(n) for n in tree.peak_numbers(size)] == stored.grown.peaks


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_is_that_of_the_definition_and_holds(size: int) -> None:
    """For each leaf of each size."""
    leaves = data(size)
    stored = Stored(leaves)

    for index in range(size):
        steps = tree.inclusion_proof(stored, index, size)
        assert steps == path(index, leaves)
        assert tree.includes(stored.leaf(index + 1), index, size, steps, mth(leaves))


@pytest.mark.parametrize("size", SIZES)
def test_every_consistency_proof_is_that_of_the_definition_and_holds(size: int) -> None:
    """From each earlier size to this one."""
    leaves = data(size)
    stored = Stored(leaves)

    for old in range(1, size + 1):
        steps = tree.consistency_proof(stored, old, size)
        assert steps == proof(old, leaves)
        assert tree.continues(old, mth(leaves[:old]), size, mth(leaves), steps)


@settings(max_examples=150)
@given(st.data())
def test_no_inclusion_proof_holds_for_anything_else(draw: st.DataObject) -> None:
    """Another leaf, place, size, root, or a changed, cut or lengthened proof: none holds."""
    size = draw.draw(st.integers(1, 40))
    index = draw.draw(st.integers(0, size - 1))
    leaves = data(size)
    steps, root = path(index, leaves), mth(leaves)
    other = draw.draw(st.integers(0, size + 2).filter(lambda place: place != index))
    cut = draw.draw(st.integers(0, len(steps)))
    leaf = leaf_hash(leaves[index])

    assert not tree.includes(leaf_hash(b"other"), index, size, steps, root)
    assert not tree.includes(leaf, other, size, steps, root)
    assert not tree.includes(leaf, index, size, [*steps, EMPTY_ROOT], root)
    assert not tree.includes(leaf, index, size, steps, EMPTY_ROOT)
    if cut < len(steps):
        assert not tree.includes(leaf, index, size, steps[:cut] + steps[cut + 1 :], root)
        steps[cut] = EMPTY_ROOT
        assert not tree.includes(leaf, index, size, steps, root)


@settings(max_examples=150)
@given(st.data())
def test_no_consistency_proof_holds_for_a_rewritten_log(draw: st.DataObject) -> None:
    """Change one early leaf, and no proof leads from the old root to the new one."""
    new = draw.draw(st.integers(2, 40))
    old = draw.draw(st.integers(1, new))
    changed = draw.draw(st.integers(0, old - 1))
    leaves = data(new)
    rewritten = [*leaves[:changed], b"rewritten", *leaves[changed + 1 :]]
    old_root = mth(leaves[:old])

    for claimed in (proof(old, leaves), proof(old, rewritten), []):
        assert not tree.continues(old, old_root, new, mth(rewritten), claimed)


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_consistency_proof_does_not_hold(draw: st.DataObject) -> None:
    """Cut, lengthened or changed at any place, or for other sizes: it fails, never crashes."""
    new = draw.draw(st.integers(2, 40))
    old = draw.draw(st.integers(1, new - 1))
    leaves = data(new)
    steps, roots = proof(old, leaves), (mth(leaves[:old]), mth(leaves))
    place = draw.draw(st.integers(0, len(steps) - 1))

    for damaged in (
        steps[:place] + steps[place + 1 :],
        [*steps[:place], EMPTY_ROOT, *steps[place + 1 :]],
        [*steps, EMPTY_ROOT],
    ):
        assert not tree.continues(old, roots[0], new, roots[1], damaged)
    assert not tree.continues(0, roots[0], new, roots[1], steps)
    assert not tree.continues(new, roots[1], old, roots[0], steps)
    assert not tree.continues(new, roots[0], new, roots[1], [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_there_is_no_proof_for_a_leaf_beyond_the_tree(index: int, size: int) -> None:
    """Asking is a mistake of the caller."""
    with pytest.raises(ValueError, match="no such leaf"):
        tree.inclusion_proof(Stored(data(size)), index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_there_is_no_proof_that_a_tree_continues_a_larger_one(old: int, new: int) -> None:
    """Nor that it continues nothing."""
    with pytest.raises(ValueError, match="older tree"):
        tree.consistency_proof(Stored(data(new)), old, new)
