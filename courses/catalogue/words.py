"""From text to the terms that courses are found by, the same for every engine and for no engine.

A Chinese run gives its single characters, its pairs, and its longer dictionary words; a Latin word
gives its beginnings from two letters on, so that parts of words are found. A query is a row of
words that are all required; each is one of several names, and a name is a set of terms that one
field of the course must hold.
"""

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import rjieba

from courses.catalogue import trade

FIELDS = ("title", "lessons", "labels", "summary")  # most telling first
WEIGHTS: Mapping[str, int] = {"title": 5, "lessons": 2, "labels": 2, "summary": 1}
QUERY_LONGEST = 80
CHINESE = "\u3400-\u9fff\uf900-\ufaff"
RUNS = re.compile(rf"([{CHINESE}]+)|([^\W_{CHINESE}]+)")
_CHINESE = re.compile(rf"[{CHINESE}]+")
HEAVY = 200_000  # a frequency above any in the general dictionary: the trade's word wins
_cutting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Document:
    """A course as an engine keeps it: texts by field, at one `text_revision`."""

    course_id: str
    text_revision: int
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Word:
    """One thing asked for: any of its spellings will do, the first as it was typed."""

    spellings: tuple[str, ...]
    is_required: bool = True

    @property
    def names(self) -> "Names":
        """The spellings as terms: a name is terms that one field must hold together."""
        return tuple(dict.fromkeys(needed(name) for name in self.spellings))


Names = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked: every required word must be found or, if `is_any`, at least one."""

    text: str
    words: tuple[Word, ...]
    is_any: bool = False

    @property
    def required(self) -> tuple[Word, ...]:
        """The words that decide what is found."""
        return tuple(word for word in self.words if word.is_required)

    def loosened(self) -> "Query":
        """The same words, one of which is enough."""
        return Query(self.text, self.words, is_any=True)


def normal(text: str) -> str:
    """Full-width to half-width, one case, the compatibility forms undone."""
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _jieba() -> rjieba.Jieba:
    dictionary = rjieba.Jieba()
    names = {name for row in trade.SYNONYMS for name in row if not name.isascii()}
    for word in sorted(names | set(trade.WORDS)):
        dictionary.add_word(word, HEAVY, "n")
    return dictionary


def cut(run: str) -> list[str]:
    """A Chinese run as words; single characters that stand together become one word.

    The cutter does not know most names and rare terms; their characters, taken together, are
    still found by their pairs.
    """
    with _cutting:  # the first call builds the dictionary
        dictionary = _jieba()
    found: list[str] = []
    loose = ""
    for word in dictionary.cut(run, False):
        if len(word) == 1 and word not in trade.EMPTY:
            loose += word
            continue
        if loose:
            found.append(loose)
            loose = ""
        found.append(word)
    return [*found, loose] if loose else found


def is_chinese(text: str) -> bool:
    """Chinese characters and nothing else."""
    return _CHINESE.fullmatch(text) is not None


@lru_cache(maxsize=50_000)
def aligned(text: str) -> str:
    """The text normalised one character for one, so that places agree with the original."""
    if unicodedata.is_normalized("NFKC", text) and len(folded := text.casefold()) == len(text):
        return folded
    return "".join(normal(char)[:1] or " " for char in text)


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """The stretches of a normalised text that carry meaning, and whether each is Chinese."""
    for match in RUNS.finditer(text):
        yield match.group(), match.group(1) is not None


@lru_cache(maxsize=50_000)
def latin(text: str) -> tuple[str, ...]:
    """The Latin words of a normalised text."""
    return tuple(run for run, is_chinese_run in runs(text) if not is_chinese_run)


def pairs(run: str) -> list[str]:
    """Neighbouring characters."""
    return [run[place : place + 2] for place in range(len(run) - 1)]


def beginnings(word: str) -> list[str]:
    """A Latin word's beginnings, the whole word last."""
    return [word[:end] for end in range(min(2, len(word)), len(word) + 1)]


def terms(text: str) -> list[str]:
    """Every term of a text, as often as it occurs."""
    found: list[str] = []
    for run, is_chinese in runs(normal(text)):
        if is_chinese:
            found += [*run, *pairs(run), *(word for word in cut(run) if len(word) > 2)]
        else:
            found += beginnings(run)
    return found


@lru_cache(maxsize=10_000)
def needed(name: str) -> tuple[str, ...]:
    """The terms that a field must hold, all of them, to hold this name."""
    found: list[str] = []
    for run, is_chinese in runs(normal(name)):
        found += (pairs(run) or [run]) if is_chinese else [run]
    return tuple(dict.fromkeys(found))


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for row in trade.SYNONYMS:
        for name in row:
            table[normal(name)] = row
    return table


def spelled(name: str) -> tuple[str, ...]:
    """A name and its other names in the trade, normalised."""
    others = (normal(other) for other in _synonyms().get(name, ()))
    return tuple(dict.fromkeys((name, *others)))


def query(text: str) -> Query:
    """Read what somebody typed; no words at all gives a query without words."""
    text = normal(text)[:QUERY_LONGEST].strip()
    surfaces = list(dict.fromkeys(_surfaces(text)))
    words = [Word(spelled(surface), surface not in trade.EMPTY) for surface in surfaces]
    if not any(word.is_required for word in words):  # nothing but "培训课程": then that is meant
        words = [Word(word.spellings) for word in words]
    return Query(text, tuple(words))


def _surfaces(text: str) -> Iterator[str]:
    phrases = [name for name in _synonyms() if " " in name and name in text]
    for phrase in sorted(phrases, key=len, reverse=True):
        if phrase in text:
            yield phrase
            text = text.replace(phrase, " ")
    for run, is_chinese in runs(text):
        if is_chinese:
            yield from cut(run)
        else:
            yield run


def any_name(names: Names, holding: Callable[[str], int]) -> int:
    """The texts that hold any of the names whole, from the sets of texts that hold each term."""
    found = 0
    for name in names:
        together = -1
        for term in name:
            together &= holding(term)
            if not together:
                break
        found |= together
    return found


def marked(text: str, asked: Query | None) -> list[tuple[str, bool]]:
    """The text in parts, and whether each is something that was asked for."""
    if asked is None or not asked.words:
        return [(text, False)]
    folded = aligned(text)
    hit = [False] * len(text)
    for name in _visible(asked):
        start = folded.find(name)
        while start >= 0:
            hit[start : start + len(name)] = [True] * len(name)
            start = folded.find(name, start + 1)
    return list(_parts(text, hit))


def _visible(asked: Query) -> Iterable[str]:
    for word in asked.words:
        yield from word.spellings if word.is_required else word.spellings[:1]


def _parts(text: str, hit: list[bool]) -> Iterator[tuple[str, bool]]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or hit[end] != hit[start]:
            yield text[start:end], hit[start]
            start = end
