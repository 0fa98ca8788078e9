"""How well faces are told apart: distances within and between people, and what each limit would decide.

    python -m bench.faces SET [SET ...]

A set is a folder with a folder of photos for each person; people are compared within their set alone.
It compares as the site does, photos prepared in the same way, and prints no more than numbers.
"""

import sys
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

from app.faces.compare import Eye, Refused, distance
from app.faces.dlib import models
from courses.watch import faces

LIMITS = (400_000, 450_000, 500_000, 550_000, 600_000, 650_000)


def described(eye: Eye, people: Path) -> list[tuple[str, Any]]:
    """Each photo's person and description; those that the site would refuse are named and left out."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        for path in sorted(people.glob("*/*")):
            prepared = Path(name) / "photo.jpg"
            try:
                prepared.write_bytes(faces.photo(path.read_bytes()))
                found.append((path.parent.name, eye.describe(prepared)))
            except (Refused, faces.Unseen) as refused:
                print(f"{people.name}/{path.parent.name}/{path.name}: refused, {refused}")
    return found


def main(sets: list[str]) -> None:
    """Measure and print."""
    eye = Eye(models())
    same: list[int] = []
    different: list[int] = []
    for name in sets:
        for (one, first), (other, second) in combinations(described(eye, Path(name)), 2):
            (same if one == other else different).append(distance(first, second))
    for word, found in (("same", same), ("different", different)):
        if found:
            middle = sorted(found)[len(found) // 2]
            print(f"{word}: {len(found)} pairs, {min(found)} to {max(found)}, median {middle}")
    for limit in LIMITS:
        accepted = sum(value <= limit for value in different)
        refused = sum(value > limit for value in same)
        print(f"limit {limit}: {accepted} of {len(different)} strangers accepted, {refused} of {len(same)} refused")


if __name__ == "__main__":
    main(sys.argv[1:])
