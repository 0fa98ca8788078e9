"""Unified social credit codes: the published vector, the synthetic ones, and every wrong character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.errors import Invalid
from courses.people import uscc

PUBLISHED = "91350100M000100Y43"
SYNTHETIC = (
    "91320400MA0T00011Y",
    "91320400MA0T0002XN",
    "91320400MA0T00038N",
    "52320400MA0T00046J",
    "52320400MA0T00054D",
)


def refusal(code: str) -> str:
    """The code with which a value is refused."""
    with pytest.raises(Invalid) as caught:
        uscc.check(code)
    assert caught.value.field == "uscc"
    return caught.value.code


@pytest.mark.parametrize("code", [PUBLISHED, *SYNTHETIC])
def test_valid_code_passes_both_checks(code: str) -> None:
    assert uscc.check(code) == code
    assert uscc.warnings(code) == []


def test_code_is_normalised() -> None:
    assert uscc.check(" 91350100-m000 100y43 ") == PUBLISHED
    assert uscc.check("９１３５０１００Ｍ０００１００Ｙ４３") == PUBLISHED


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("91350100M000100Y44", "uscc_check"),
        ("91350100M000100Y4", "uscc_length"),
        ("9135O100M000100Y43", "uscc_letters"),
        ("91350100M000100Y4?", "uscc_characters"),
        ("913501A0M000100Y43", "uscc_area"),
        ("", "uscc_length"),
    ],
)
def test_wrong_code_says_why(code: str, why: str) -> None:
    assert refusal(code) == why


def test_sum_divisible_by_31_gives_zero() -> None:
    """The popular snippet without the outer modulus crashes on exactly these."""
    for number in range(100_000):
        first = f"91320400MA0T{number:05d}"
        total = sum(uscc.VALUES[c] * w for c, w in zip(first, uscc.WEIGHTS, strict=True))
        if total % 31 == 0:
            assert uscc.check(first + "0") == first + "0"
            return
    pytest.fail("no such code in the range")


def test_inner_check_only_warns() -> None:
    first = "91320400MA0T00012"  # the 17th character ought to be 1
    code = first + uscc.check_character(first)
    assert uscc.check(code) == code
    assert uscc.warnings(code) == ["organisation_code_check"]


@given(
    middle=st.text(alphabet=uscc.ALPHABET, min_size=9, max_size=9),
    area=st.integers(110000, 659999),
    place=st.integers(0, 17),
    other=st.sampled_from(uscc.ALPHABET),
)
def test_every_single_character_change_is_caught(
    middle: str, area: int, place: int, other: str
) -> None:
    first = f"91{area}{middle}"
    code = first + uscc.check_character(first)
    assert uscc.check(code) == code
    changed = code[:place] + other + code[place + 1 :]
    if changed != code:
        refusal(changed)
