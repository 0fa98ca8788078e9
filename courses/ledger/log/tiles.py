"""C2SP tlog-tiles: how a tree is cut into static files of 256 hashes, and read from them again."""

import re
from collections.abc import Callable, Iterable, Iterator

from courses.ledger.log import tree

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH_BYTES = 32
MOST_LEVELS = 6  # 2**48 leaves
PATH = re.compile(r"((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")

Fetch = Callable[[int, int, int], bytes]  # level, tile, width -> at least so many hashes


def path(tile: int, width: int = WIDTH) -> str:
    """A tile's number as a path: 1234067 is `x001/x234/067`, narrower ones end in `.p/W`."""
    digits = f"{tile:03d}"
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    text = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return text if width == WIDTH else f"{text}.p/{width}"


def parse(text: str) -> tuple[int, int] | None:
    """Tile and width of a path; None unless it is written exactly as `path` writes it."""
    found = PATH.fullmatch(text)
    if not found or len(text) > 40:
        return None
    tile = int(found[1].replace("/", "").replace("x", ""))
    width = int(found[2] or WIDTH)
    return (tile, width) if path(tile, width) == text else None


def width_at(level: int, tile: int, size: int) -> int:
    """How many hashes a tile has in a tree of `size`: 256 when full, 0 when it does not exist."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - tile * WIDTH))


def cut(hashes: bytes) -> list[bytes]:
    """A tile's bytes as hashes."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


class Reader:
    """The nodes of a tree of one size, read from its tiles; each tile is fetched once."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        self.size = size
        self._fetch = fetch
        self._kept: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """`tree.Node`."""
        upper, low = divmod(level, HEIGHT)
        tile, begin = divmod(index << low, WIDTH)
        hashes = self._tile(upper, tile)[begin : begin + (1 << low)]
        if len(hashes) != 1 << low:
            raise tree.BadProof(f"tile {upper}/{tile} is too short")
        return tree.perfect(hashes)

    def _tile(self, level: int, tile: int) -> list[bytes]:
        key = (level, tile)
        if key not in self._kept:
            self._kept[key] = cut(self._fetch(level, tile, width_at(level, tile, self.size)))
        return self._kept[key]


def bundle(leaves: Iterable[bytes]) -> bytes:
    """Leaves as an entry bundle: each behind its length in two bytes."""
    return b"".join(len(data).to_bytes(2, "big") + data for data in leaves)


def unbundle(content: bytes) -> Iterator[bytes]:
    """The leaves of an entry bundle."""
    at = 0
    while at < len(content):
        begin = at + 2
        at = begin + int.from_bytes(content[at:begin], "big")
        if at > len(content):
            raise tree.BadProof("an entry bundle ends in the middle of a leaf")
        yield content[begin:at]
