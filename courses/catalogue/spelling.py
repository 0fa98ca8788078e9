"""How words are typed otherwise than they are written: in pinyin, by initials, with one slip.

Nothing of this is indexed. What was typed is read as words that stand on the shelf (`lexicon`), and
those are asked for; so every engine finds the same, and what is marked is what was meant.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from string import ascii_lowercase

from courses.catalogue import sounds, trade, words
from courses.catalogue.lexicon import Lexicon
from courses.catalogue.words import Query, Word

MOST_CORRECTIONS = 6  # tried against the index


def with_pinyin(query: Query, lexicon: Lexicon) -> Query:
    """The query with Latin words that are no words of the shelf also read as pinyin or initials."""
    joined = "".join(word.spellings[0] for word in query.words)
    if (
        len(query.words) > 1
        and is_latin(joined)
        and not any(_readings(w, lexicon) for w in query.words)
    ):
        as_one = _readings(Word((joined,)), lexicon)  # "dian gong"
        if as_one:
            return Query(query.text, (Word((joined, *as_one)),), query.is_any)
    read = (
        Word((*word.spellings, *_readings(word, lexicon)), word.is_required)
        if word.is_required
        else word
        for word in query.words
    )
    return Query(query.text, tuple(read), query.is_any)


def said(query: Query) -> str:
    """The query as its words are likeliest to stand in a title: letters in their first reading."""
    words_said = (
        word.spellings[1]
        if len(word.spellings) > 1
        and is_latin(word.spellings[0])
        and words.is_chinese(word.spellings[1])
        else word.spellings[0]
        for word in query.required
    )
    return query.text if not is_latin(query.text.replace(" ", "")) else "".join(words_said)


def _readings(word: Word, lexicon: Lexicon) -> tuple[str, ...]:
    typed = word.spellings[0]
    if len(typed) < 2 or not is_latin(typed) or lexicon.latin_count(typed):
        return ()
    found = (name for reading in lexicon.readings(typed) for name in words.spelled(reading))
    return tuple(dict.fromkeys(found))


def is_latin(text: str) -> bool:
    """Letters a to z alone."""
    return text.isascii() and text.isalpha()


def corrections(query: Query, lost: Sequence[Word], lexicon: Lexicon) -> Iterator[str]:
    """What may have been meant, likeliest first, where `lost` words are found in nothing."""
    return islice(_corrections(query, lost, lexicon), MOST_CORRECTIONS)


def _corrections(query: Query, lost: Sequence[Word], lexicon: Lexicon) -> Iterator[str]:
    for word in lost:
        typed = word.spellings[0]
        if typed in trade.EMPTY:
            continue
        if is_latin(typed):
            for better in near_latin(typed, lexicon):
                yield query.text.replace(typed, better, 1)
            continue
        # The cutter cuts at a slip, so the whole stretch is looked at before the part.
        stretches = [
            run for run, is_chinese in words.runs(query.text) if is_chinese and typed in run
        ]
        for stretch in dict.fromkeys((*stretches, typed)):
            for better in near_chinese(stretch, lexicon):
                yield query.text.replace(stretch, better, 1)


def near_chinese(typed: str, lexicon: Lexicon) -> Iterator[str]:
    """Words of the shelf that sound the same, then those one character away."""
    for reading in lexicon.readings("".join(sounds.of(typed))):
        if len(reading) == len(typed) and reading != typed:
            yield reading
    if len(typed) > 2:
        yield from lexicon.one_away(typed)


def near_latin(typed: str, lexicon: Lexicon) -> Iterator[str]:
    """Words one letter away: whole ones, then begun ones, then pinyin."""
    if len(typed) < 4:
        return
    edits = edited(typed)
    yield from sorted(
        (one for one in edits if lexicon.latin_count(one)),
        key=lambda one: (-lexicon.latin_count(one), one),
    )
    yield from sorted(one for one in edits if len(one) > 3 and lexicon.begins_latin(one))
    if len(typed) > 4:
        for one in sorted(edits):
            if any(
                all(len(part) > 1 for part in parts)
                for parts in sounds.cuts(one, lexicon.syllables)
            ):
                yield from lexicon.readings(one)[:1]


def edited(word: str) -> set[str]:
    """Everything one slip away: a letter too few, too many, wrong, or two swapped."""
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    missing = {head + tail[1:] for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in cuts if tail for letter in ascii_lowercase}
    more = {head + letter + tail for head, tail in cuts for letter in ascii_lowercase}
    return (missing | swapped | wrong | more) - {word}
