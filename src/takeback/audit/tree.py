"""The Merkle tree of RFC 6962: roots, proofs and their verification. Pure.

Every row of the log keeps one *node*: the hash of the largest complete subtree that its
leaf completes (leaf 6 of 1, 2, 3 … completes the pair 5–6; leaf 8 the first eight). From
these any hash of the tree follows in O(log² n) steps, so nothing is ever rewritten.

Source: RFC 6962, section 2.1; verification as in RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


class Nodes(Protocol):
    """Where the stored hashes are read from. Leaves are numbered from 1."""

    def leaf(self, number: int) -> bytes:
        """Return the hash of leaf *number*."""

    def node(self, number: int) -> bytes:
        """Return the hash of the largest complete subtree that leaf *number* completes."""


def leaf_hash(data: bytes) -> bytes:
    """Hash one leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees together."""
    return sha256(b"\x01" + left + right).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """Return the root over the first *size* leaves."""
    return _span(nodes, 0, size) if size else EMPTY_ROOT


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return the hashes that lead from leaf *index* (from 0) to the root over *size* leaves."""
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    return _path(nodes, index, 0, size)


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Return the hashes that show that the tree of *new* leaves continues that of *old*."""
    if not 0 < old <= new:
        raise ValueError("the older tree has one leaf at least and is no larger")
    return _subproof(nodes, old, 0, new, known=True)


def _span(nodes: Nodes, start: int, end: int) -> bytes:
    """Return the hash over leaves start+1 … end, RFC 6962's MTH(D[start:end])."""
    size = end - start
    if size == end & -end:
        return nodes.node(end)
    if size == 1:
        return nodes.leaf(end)
    middle = start + _split(size)
    return node_hash(_span(nodes, start, middle), _span(nodes, middle, end))


def _split(size: int) -> int:
    """Return the largest power of two below *size*."""
    return 1 << ((size - 1).bit_length() - 1)


def _path(nodes: Nodes, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(nodes, index, start, middle), _span(nodes, middle, end)]
    return [*_path(nodes, index, middle, end), _span(nodes, start, middle)]


def _subproof(nodes: Nodes, old: int, start: int, end: int, *, known: bool) -> list[bytes]:
    if old == end:
        return [] if known else [_span(nodes, start, end)]
    middle = start + _split(end - start)
    if old <= middle:
        return [*_subproof(nodes, old, start, middle, known=known), _span(nodes, middle, end)]
    return [*_subproof(nodes, old, middle, end, known=False), _span(nodes, start, middle)]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether *proof* shows *leaf* at *index* (from 0) under *root* over *size* leaves."""
    if not 0 <= index < size:
        return False
    at, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and computed == root


def continues(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether *proof* shows that the tree of *new* leaves begins with that of *old*."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    hashes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(hashes) and _climb(old - 1, new - 1, hashes) == (old_root, new_root)


def _climb(at: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a consistency proof leads to, or None when it leads nowhere."""
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    return (older, newer) if last == 0 else None


@dataclass(slots=True)
class Growing:
    """A tree that is appended to; keeps only its peaks, the roots of its complete subtrees."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)
    """Largest first, one for each bit that is set in *size*."""

    def append(self, leaf: bytes) -> bytes:
        """Add a leaf and return the node that belongs to it."""
        node, carry = leaf, self.size
        while carry & 1:
            node = node_hash(self.peaks.pop(), node)
            carry >>= 1
        self.peaks.append(node)
        self.size += 1
        return node

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        computed = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            computed = node_hash(peak, computed)
        return computed


def peak_numbers(size: int) -> list[int]:
    """Return the leaves whose nodes are the peaks of a tree of *size* leaves, largest first."""
    numbers = []
    while size:
        numbers.append(size)
        size &= size - 1
    return numbers[::-1]
