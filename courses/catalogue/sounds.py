"""Pinyin: how characters sound, and how a row of letters may be cut into syllables and initials."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from pypinyin import Style, lazy_pinyin

MOST_CUTS = 40
DOUBLE = ("zh", "ch", "sh")


@lru_cache(maxsize=100_000)
def of(text: str) -> tuple[str, ...]:
    """One sound a character, without tones, ü as v; what is not Chinese stands for itself."""
    return tuple(lazy_pinyin(text, style=Style.NORMAL, errors=_themselves))  # type: ignore[arg-type]


@lru_cache(maxsize=100_000)
def initials(text: str) -> str:
    """The first letter of each sound."""
    return "".join(sound[:1] for sound in of(text))


def _themselves(other: str) -> list[str]:  # one item a character, though the stub says a text
    return list(other)


def cuts(letters: str, syllables: Collection[str]) -> list[tuple[str, ...]]:
    """Ways to read letters: each part a syllable or an initial, the last may be begun; longest first."""
    return list(islice(_cuts(letters, syllables), MOST_CUTS))


def _cuts(letters: str, syllables: Collection[str]) -> Iterator[tuple[str, ...]]:
    if not letters:
        yield ()
        return
    for length in range(min(6, len(letters)), 0, -1):
        head, rest = letters[:length], letters[length:]
        if head in syllables or is_initial(head) or (not rest and _begins(head, syllables)):
            for tail in _cuts(rest, syllables):
                yield (head, *tail)


def is_initial(part: str) -> bool:
    """Whether letters may stand for a whole syllable; none begins with i, u or v."""
    return part in DOUBLE or (len(part) == 1 and part not in "iuv")


def _begins(head: str, syllables: Collection[str]) -> bool:
    return any(one.startswith(head) for one in syllables)


def fit(parts: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether parts read the sounds, one each."""
    last = len(parts) - 1
    return all(
        sound == part or ((n == last or is_initial(part)) and sound.startswith(part))
        for n, (part, sound) in enumerate(zip(parts, heard, strict=True))
    )
