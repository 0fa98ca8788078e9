"""Exact numbers: whole where they are whole, fractions only where a rate makes them so.

Never a float, never `round()`. Everything here accepts and returns `int | Fraction`.
"""

from fractions import Fraction

Exact = int | Fraction

# Python refuses to write integers of more than 4300 digits at once; longer ones go in parts.
_PART_DIGITS = 4000
_PART = 10**_PART_DIGITS


def quotient(numerator: Exact, denominator: Exact) -> Exact:
    """`numerator / denominator` as an `int` where it is whole; `denominator` is not 0."""
    if isinstance(numerator, int) and isinstance(denominator, int):
        whole, rest = divmod(numerator, denominator)
        return Fraction(numerator, denominator) if rest else whole
    found = Fraction(numerator) / denominator
    return found.numerator if found.denominator == 1 else found


def whole_if(value: Exact) -> Exact:
    """The same number, as an `int` where it is whole."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value


def floor(value: Exact) -> int:
    """The greatest integer not above `value`."""
    return value if isinstance(value, int) else value.numerator // value.denominator


def ceiling(value: Exact) -> int:
    """The least integer not below `value`."""
    return value if isinstance(value, int) else -(-value.numerator // value.denominator)


def text(value: Exact) -> str:
    """Lowest terms: `"3"`, `"28/5"`, `"-3/5"`."""
    if isinstance(value, int):
        return _digits(value)
    if value.denominator == 1:
        return _digits(value.numerator)
    return f"{_digits(value.numerator)}/{_digits(value.denominator)}"


def plain(value: Exact) -> int | str:
    """Milliseconds as JSON: an integer, or fraction text where a rate made it one."""
    value = whole_if(value)
    return value if isinstance(value, int) else text(value)


def _digits(value: int) -> str:
    if abs(value) < _PART:
        return str(value)
    sign, value = ("-", -value) if value < 0 else ("", value)
    parts = []
    while value >= _PART:
        value, part = divmod(value, _PART)
        parts.append(str(part).zfill(_PART_DIGITS))
    return sign + str(value) + "".join(reversed(parts))
