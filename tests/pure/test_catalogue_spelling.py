"""How words are typed otherwise than written: sounds, slips, and sets of bits."""

from hypothesis import given
from hypothesis import strategies as st

from courses.catalogue import bits, sounds, spelling
from courses.catalogue.lexicon import is_one_away

SYLLABLES = {"dian", "gong", "zuo", "ye", "xi", "an", "xian", "e"}
SHORT = st.text(alphabet="abc", max_size=5)


def test_letters_are_cut_in_every_way_that_sounds() -> None:
    assert sounds.cuts("diangong", SYLLABLES)[0] == ("dian", "gong")
    assert {("xian",), ("xi", "an")} <= set(sounds.cuts("xian", SYLLABLES))
    assert ("d", "g", "z", "y") in sounds.cuts("dgzy", SYLLABLES)
    assert ("dian", "g", "zuo", "y") in sounds.cuts("diangzuoy", SYLLABLES)
    assert sounds.cuts("uvi", SYLLABLES) == []


def test_a_polyphone_sounds_as_its_word_says() -> None:
    assert sounds.of("起重吊装") == ("qi", "zhong", "diao", "zhuang")
    assert sounds.of("重氮化A1") == ("zhong", "dan", "hua", "A", "1")


@given(SHORT, SHORT)
def test_one_away_is_what_one_edit_makes(one: str, other: str) -> None:
    assert is_one_away(one, other) == (one == other or other in spelling.edited(one)) or one == other


@given(st.sets(st.integers(0, 300)), st.sets(st.integers(0, 300)))
def test_sets_of_bits_are_sets(one: set[int], other: set[int]) -> None:
    first, second = bits.of(one, size=300), bits.of(other, size=300)
    assert list(bits.members(first & second)) == sorted(one & other)
    assert list(bits.members(first | second)) == sorted(one | other)
