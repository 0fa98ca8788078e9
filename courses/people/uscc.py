"""Unified social credit codes: GB 32100-2015, and the organisation code inside, GB 11714. Pure.

The inner check is a warning: codes that break it are in use.
"""

import re

from courses import errors
from courses.people import documents

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # value = index; no I, O, S, V, Z
VALUES = {character: value for value, character in enumerate(ALPHABET)}
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
INNER_VALUES = {c: value for value, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
NEVER = re.compile("[IOSVZ]")


def normalise(code: str) -> str:
    """Half-width, upper case, without spaces and dashes."""
    return re.sub(r"[\s\-‐-―]", "", documents.half_width(code).upper())


def check_character(first_17: str) -> str:
    """The 18th character. The outer modulus matters: a sum divisible by 31 gives 0, not 31."""
    total = sum(VALUES[c] * weight for c, weight in zip(first_17, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def check(code: str) -> str:
    """The normalised code, or errors.Invalid with the reason."""
    plain = normalise(code)
    if NEVER.search(plain):
        raise errors.Invalid(
            "uscc_letters",
            "These codes never contain the letters I, O, S, V and Z. Perhaps 1, 0, 5, U or 2 is meant.",
            field="uscc",
        )
    if len(plain) != 18:
        raise errors.Invalid(
            "uscc_length", "A unified social credit code has exactly 18 characters.", field="uscc"
        )
    if any(c not in VALUES for c in plain):
        raise errors.Invalid(
            "uscc_characters", "These codes have only digits and capital letters.", field="uscc"
        )
    if not plain[2:8].isdigit():
        raise errors.Invalid("uscc_area", "Characters 3 to 8 of the code are digits.", field="uscc")
    if check_character(plain[:17]) != plain[17]:
        raise errors.Invalid(
            "uscc_check",
            "The check character does not fit, so at least one character is mistyped.",
            field="uscc",
        )
    return plain


def warnings(code: str) -> list[str]:
    """What is odd about a code that passes: `organisation_code_check`, or nothing."""
    return [] if inner_check_character(code[8:16]) == code[16] else ["organisation_code_check"]


def inner_check_character(first_8: str) -> str:
    """The 9th character of an organisation code, GB 11714."""
    total = sum(INNER_VALUES[c] * weight for c, weight in zip(first_8, INNER_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]
