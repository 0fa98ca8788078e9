"""The words that stand on the shelf, to be found by how they sound, look or begin.

Titles, names of institutions and instructors, the axes' labels and the trade's words, one a line; a
second text of the same length holds the initial of each sound, so one place means the same in both.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from courses.catalogue import bits, sounds, taxonomy, trade, words
from courses.catalogue.shelf import Card, Snapshot

MOST_PLACES = 3_000  # looked at for one pattern
MOST_READINGS = 8
KNOWN = frozenset(trade.WORDS) | {name for row in trade.SYNONYMS for name in row}


class Kind(StrEnum):
    """What an entry is."""

    WORD = "word"
    INSTITUTION = "institution"
    INSTRUCTOR = "instructor"
    COURSE = "course"


class Entry(NamedTuple):
    """One line: what it says, and the id of what it names, if it is no mere word."""

    kind: Kind
    text: str
    id: str = ""


class Lexicon:
    """The lexicon of one shelf; what is costly is made when first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def entries(self) -> list[Entry]:
        """Every line once, words first."""
        return list(dict.fromkeys(_entries(self.snapshot.cards)))

    @cached_property
    def _titles(self) -> list[str]:
        return [words.aligned(card.title) for card in self.snapshot.cards]

    @cached_property
    def text(self) -> str:
        """All lines, normalised, each between line ends."""
        return "\n" + "\n".join(words.aligned(entry.text) for entry in self.entries) + "\n"

    @cached_property
    def _starts(self) -> list[int]:
        starts, place = [], 1
        for entry in self.entries:
            starts.append(place)
            place += len(entry.text) + 1
        return starts

    @cached_property
    def heard(self) -> list[str]:
        """The sound of each character of `text`."""
        heard = ["\n"]
        for line in self.text[1:-1].split("\n"):
            heard += sounds.of(line)
            heard.append("\n")
        return heard

    @cached_property
    def initials(self) -> str:
        """The first letter of each sound."""
        return "\n" + "\n".join(map(sounds.initials, self.text[1:-1].split("\n"))) + "\n"

    @cached_property
    def syllables(self) -> frozenset[str]:
        """Every sound of a Chinese character on the shelf that is longer than its initial."""
        return frozenset(sound for sound in set(self.heard) if len(sound) > 1)

    @cached_property
    def _latin(self) -> Counter[str]:
        return Counter(run for line in self.text.split("\n") for run in words.latin(line))

    @cached_property
    def _begun(self) -> frozenset[str]:
        return frozenset(part for word in self._latin for part in words.beginnings(word))

    def warm(self) -> None:
        """Make what is costly now."""
        for costly in ("_titles", "_starts", "initials", "syllables", "_latin", "_begun"):
            getattr(self, costly)

    def latin_count(self, word: str) -> int:
        """How often a Latin word stands there whole."""
        return self._latin[word]

    def begins_latin(self, letters: str) -> bool:
        """Whether a Latin word begins so."""
        return letters in self._begun

    def titled(self, typed: str) -> int:
        """The courses whose title holds the very text."""
        if len(typed) < 2:
            return 0
        return bits.of(
            (place for place, title in enumerate(self._titles) if typed in title),
            size=len(self._titles),
        )

    def readings(self, letters: str) -> list[str]:
        """Chinese that letters may stand for, words of the trade first, then the most frequent."""
        counted: Counter[str] = Counter()
        for parts in sounds.cuts(letters, self.syllables):
            if len(parts) > 1:
                for place in self._read(parts):
                    stretch = self.text[place : place + len(parts)]
                    if words.is_chinese(stretch):
                        counted[stretch] += 1
        ranked = sorted(counted, key=lambda one: (one not in KNOWN, -counted[one], one))
        return ranked[:MOST_READINGS]

    def _read(self, parts: tuple[str, ...]) -> Iterator[int]:
        pattern = "".join(part[0] for part in parts)
        for place in _places(self.initials, pattern):
            if sounds.fit(parts, self.heard[place : place + len(parts)]):
                yield place

    def one_away(self, typed: str) -> list[str]:
        """Chinese words one character away, the most frequent first.

        One slip leaves one half whole, so only what stands beside a half is looked at.
        """
        half = len(typed) // 2
        counted: Counter[str] = Counter()
        for part, before in ((typed[:half], 0), (typed[half:], half)):
            for place in _places(self.text, part):
                for first in {place - before + shift for shift in (-1, 0, 1)}:
                    for length in (len(typed), len(typed) + 1, len(typed) - 1):
                        near = self.text[max(first, 0) : max(first, 0) + length]
                        if near != typed and words.is_chinese(near) and is_one_away(typed, near):
                            counted[near] += 1
        # A slip seldom changes how long a word is; a longer stretch around the right one is none.
        return sorted(counted, key=lambda one: (len(one) != len(typed), -counted[one], one))

    def suggest(self, typed: str, *, limit: int) -> list[Entry]:
        """Lines that begin with what was typed, then that hold it, then that sound like it."""
        typed = words.normal(typed).strip()
        found: dict[str, Entry] = {}  # one of a name is enough
        if typed:
            for place in self._begun_by(typed):
                entry = self.entries[bisect_right(self._starts, place) - 1]
                found.setdefault(words.normal(entry.text), entry)
                if len(found) >= limit:
                    break
        return list(found.values())

    def _begun_by(self, typed: str) -> Iterator[int]:
        for place in _places(self.text, "\n" + typed):
            yield place + 1
        for place in _places(self.text, typed):
            if not (
                typed.isascii()
                and self.text[place - 1].isascii()
                and self.text[place - 1].isalnum()
            ):
                yield place  # a Latin word is found by its beginning
        letters = typed.replace(" ", "").replace("'", "")
        if letters.isascii() and letters.isalpha():
            read = [
                place
                for parts in sounds.cuts(letters, self.syllables)
                for place in self._read(parts)
                if words.is_chinese(self.text[place : place + len(parts)])
            ]
            starts = set(self._starts)
            yield from sorted(read, key=lambda place: (place not in starts, place))


def _entries(cards: Iterable[Card]) -> Iterator[Entry]:
    cards = list(cards)
    said = "\n".join(card.title for card in cards)
    codes = {pair for card in cards for pair in card.keys if pair[0] in taxonomy.AXES}
    terms = [taxonomy.AXES[axis].terms[code] for axis, code in sorted(codes)]
    labels = [label for term in terms for label in (term.zh, term.en)]
    for row in trade.SYNONYMS:
        if any(name in said or name in labels for name in row):
            yield from (Entry(Kind.WORD, name) for name in row)
    yield from (Entry(Kind.WORD, word) for word in trade.WORDS if word in said)
    yield from (Entry(Kind.WORD, label) for label in labels)
    institutions = {
        card.organisation_id: (card.organisation, card.organisation_en) for card in cards
    }
    yield from (
        Entry(Kind.INSTITUTION, name, key) for key, names in institutions.items() for name in names
    )
    instructors = {key: name for card in cards for key, name in card.instructors}
    yield from (Entry(Kind.INSTRUCTOR, name, key) for key, name in instructors.items())
    yield from (Entry(Kind.COURSE, card.title, card.course_id) for card in cards)


def _places(text: str, pattern: str) -> Iterator[int]:
    return islice(_all_places(text, pattern), MOST_PLACES)


def _all_places(text: str, pattern: str) -> Iterator[int]:
    place = text.find(pattern)
    while place >= 0:
        yield place
        place = text.find(pattern, place + 1)


def is_one_away(one: str, other: str) -> bool:
    """One character too few, too many or wrong, or two neighbours swapped."""
    if len(one) > len(other):
        one, other = other, one
    start = next((n for n, char in enumerate(one) if char != other[n]), len(one))
    if len(one) < len(other):
        return len(other) - len(one) == 1 and one[start:] == other[start + 1 :]
    rest = start + 1
    return one[rest:] == other[rest:] or (
        one[start : start + 2] == other[start : start + 2][::-1]
        and one[start + 2 :] == other[start + 2 :]
    )
