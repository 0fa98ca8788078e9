"""Sets of courses as whole numbers, one bit a member: joined, cut and counted in microseconds."""

from collections.abc import Iterable, Iterator

_IN_BYTE = tuple(tuple(n for n in range(8) if byte >> n & 1) for byte in range(256))


def of(members: Iterable[int], *, size: int) -> int:
    """The set of these numbers, each below `size`."""
    held = bytearray((size >> 3) + 1)
    for number in members:
        held[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(held, "little")


def members(held: int) -> Iterator[int]:
    """The numbers of a set, smallest first."""
    for place, byte in enumerate(held.to_bytes((held.bit_length() >> 3) + 1, "little")):
        if byte:
            first = place << 3
            for offset in _IN_BYTE[byte]:
                yield first + offset
