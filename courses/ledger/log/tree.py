"""The Merkle tree of RFC 9162 2.1 (the same as RFC 6962's), as functions of hashes alone.

`node(level, index)` is the hash over the `1 << level` leaves that begin at `index << level`; whoever
keeps a tree gives it. Nothing here knows of tiles, tables or signatures.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]

EMPTY = sha256(b"").digest()


class BadProof(Exception):
    """A proof does not show what it claims; the message says where it fails."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees, the left one perfect."""
    return sha256(b"\1" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two below `count` (1 < count)."""
    return 1 << ((count - 1).bit_length() - 1)


def pairs(row: Sequence[bytes]) -> list[bytes]:
    """The hashes over each two neighbours of an even row."""
    return [sha256(b"\1" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]


def perfect(hashes: Sequence[bytes]) -> bytes:
    """The hash over a power of two of neighbouring subtrees of one height."""
    row = hashes
    while len(row) > 1:
        row = pairs(row)
    return row[0]


def over(begin: int, end: int, node: Node) -> bytes:
    """MTH(D[begin:end]), where `begin` is a multiple of a power of two not below `end - begin`."""
    count = end - begin
    if count == 0:
        return EMPTY
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, begin >> level)
    middle = begin + split(count)
    return node_hash(over(begin, middle, node), over(middle, end, node))


def root(size: int, node: Node) -> bytes:
    """The tree's hash at a size."""
    return over(0, size, node)


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The path from leaf `index` to the root at `size` (0 <= index < size), lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            path.append(over(middle, end, node))
            end = middle
        else:
            path.append(over(begin, middle, node))
            begin = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """What shows that the tree at `new` begins with the tree at `old` (0 < old <= new)."""
    if not 0 < old <= new:
        raise ValueError(f"no proof from {old} to {new}")
    path: list[bytes] = []
    begin, end = 0, new
    while old != end:
        middle = begin + split(end - begin)
        if old <= middle:
            path.append(over(middle, end, node))
            end = middle
        else:
            path.append(over(begin, middle, node))
            begin = middle
    if begin > 0:
        path.append(over(begin, end, node))
    return path[::-1]


def root_of(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root to which a path leads from a leaf; BadProof where no tree of that size has such a path."""
    if not 0 <= index < size:
        raise BadProof(f"leaf {index} lies outside a tree of {size}")
    reached = leaf
    for is_left, step in _sides(index, size - 1, path):
        reached = node_hash(step, reached) if is_left else node_hash(reached, step)
    return reached


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], expected: bytes) -> None:
    """Refuse with BadProof unless the path leads from the leaf to the root (RFC 9162 2.1.3.2)."""
    if root_of(index, size, leaf, path) != expected:
        raise BadProof("the path leads to another root")


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Refuse with BadProof unless the new tree extends the old one (RFC 9162 2.1.4.2)."""
    if not 0 < old <= new:
        raise BadProof(f"a tree of {new} cannot extend a tree of {old}")
    if old == new:
        if path or old_root != new_root:
            raise BadProof("two roots of one size")
        return
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        raise BadProof("the path is too short")
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for is_left, step in _sides(at, last, steps[1:]):
        if is_left:
            first = node_hash(step, first)
        second = node_hash(step, second) if is_left else node_hash(second, step)
    if first != old_root:
        raise BadProof("the path does not begin with the old root")
    if second != new_root:
        raise BadProof("the path does not lead to the new root")


def _sides(at: int, last: int, path: Sequence[bytes]) -> Iterator[tuple[bool, bytes]]:
    """Each step of a path with whether it stands to the left; BadProof unless it ends at the root."""
    for step in path:
        if last == 0:
            raise BadProof("the path is too long")
        is_left = bool(at & 1) or at == last
        yield is_left, step
        if is_left:
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last != 0:
        raise BadProof("the path is too short")


class Growing:
    """A tree that only grows and keeps no more than its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []  # one perfect subtree for each bit of `size`, largest first

    def add(self, leaf: bytes) -> None:
        """Append a leaf's hash."""
        at, whole = self.size, leaf
        while at & 1:
            whole = node_hash(self.edge.pop(), whole)
            at >>= 1
        self.edge.append(whole)
        self.size += 1

    def root(self) -> bytes:
        """The hash at the present size."""
        if not self.edge:
            return EMPTY
        reached = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            reached = node_hash(left, reached)
        return reached
