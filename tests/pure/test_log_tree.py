"""The Merkle tree against published vectors, a naive reading of the RFC, and every altered proof."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.ledger.log import tiles, tree

# The eight leaves of the reference implementation of certificate transparency, and the root at each size.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Proofs of the same implementation: leaf, size, path.
PATHS = [
    (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
]


def naive(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 2.1.1 writes it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return sha256(b"\1" + naive(leaves[:middle]) + naive(leaves[middle:])).digest()


def node_of(leaves: list[bytes]) -> tree.Node:
    """The nodes of a small tree."""
    hashes = [tree.leaf_hash(leaf) for leaf in leaves]
    return lambda level, index: tree.perfect(hashes[index << level : (index + 1) << level])


def numbered(count: int) -> list[bytes]:
    """Leaves that differ."""
    return [str(number).encode() for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    growing = tree.Growing()
    for leaf in LEAVES[:size]:
        growing.add(tree.leaf_hash(leaf))
    assert growing.root().hex() == tree.root(size, node_of(LEAVES)).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), PATHS)
def test_published_paths(index: int, size: int, path: list[str]) -> None:
    assert [step.hex() for step in tree.inclusion(index, size, node_of(LEAVES))] == path


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 600), st.data())
def test_every_proof_verifies_and_no_altered_one_does(size: int, data: st.DataObject) -> None:
    leaves = numbered(size)
    node = node_of(leaves)
    root = naive(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(index, size, node)
    leaf = tree.leaf_hash(leaves[index])
    tree.check_inclusion(index, size, leaf, path, root)
    refused(lambda: tree.check_inclusion(index, size, tree.leaf_hash(b"x"), path, root))
    refused(lambda: tree.check_inclusion(index, size, leaf, [*path, root], root))
    refused(lambda: tree.check_inclusion(index + size, size, leaf, path, root))
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        refused(lambda: tree.check_inclusion(index, size, leaf, altered(path, at), root))
        refused(lambda: tree.check_inclusion(index, size, leaf, path[:-1], root))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 600), st.data())
def test_a_tree_extends_each_earlier_one_and_no_other(new: int, data: st.DataObject) -> None:
    leaves = numbered(new)
    old = data.draw(st.integers(1, new))
    path = tree.consistency(old, new, node_of(leaves))
    before, after = naive(leaves[:old]), naive(leaves)
    tree.check_consistency(old, new, before, after, path)
    forked = naive([b"another", *leaves[1:old]])
    refused(lambda: tree.check_consistency(old, new, forked, after, path))
    refused(lambda: tree.check_consistency(old, new, before, forked, path))
    refused(lambda: tree.check_consistency(old, new, before, after, [*path, after]))
    if path:
        refused(lambda: tree.check_consistency(old, new, before, after, altered(path, len(path) // 2)))
        refused(lambda: tree.check_consistency(old, new, before, after, path[:-1]))


def altered(path: list[bytes], at: int) -> list[bytes]:
    """One step with one bit turned."""
    return [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]


def refused(check: object) -> None:
    """It must be refused."""
    with pytest.raises(tree.BadProof):
        check()  # type: ignore[operator]


@pytest.mark.parametrize(("tile", "width", "text"), [
    (0, 256, "000"), (5, 256, "005"), (999, 256, "999"), (1000, 256, "x001/000"),
    (1234067, 256, "x001/x234/067"), (1234067, 12, "x001/x234/067.p/12"),
])
def test_paths_of_tiles(tile: int, width: int, text: str) -> None:
    assert tiles.path(tile, width) == text
    assert tiles.parse(text) == (tile, width)


@pytest.mark.parametrize("text", ["", "0", "0000", "x000/001", "001/002", "000.p/0", "000.p/256", "000.p/012", "-01", "../000"])
def test_paths_that_are_none(text: str) -> None:
    assert tiles.parse(text) is None


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 65_536, 66_000])
def test_a_reader_of_tiles_sees_the_same_tree(size: int) -> None:
    hashes = [[tree.leaf_hash(leaf) for leaf in numbered(size)]]
    while len(hashes[-1]) >= tiles.WIDTH:
        row = hashes[-1]
        full = len(row) // tiles.WIDTH
        hashes.append([tree.perfect(row[at * 256 : at * 256 + 256]) for at in range(full)])
    growing = tree.Growing()
    for leaf in hashes[0]:
        growing.add(leaf)

    def fetch(level: int, tile: int, width: int) -> bytes:
        assert width > 0
        return b"".join(hashes[level][tile * 256 : tile * 256 + width])

    reader = tiles.Reader(size, fetch)
    assert tree.root(size, reader) == growing.root()
    for index in {0, size // 2, size - 1}:
        path = tree.inclusion(index, size, reader)
        tree.check_inclusion(index, size, hashes[0][index], path, growing.root())


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_are_read_as_they_were_written(leaves: list[bytes]) -> None:
    assert list(tiles.unbundle(tiles.bundle(leaves))) == leaves
