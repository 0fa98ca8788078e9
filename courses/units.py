"""The measures of the domain: media time, exact numbers, money, days. No tables, no clock."""

from dataclasses import dataclass
from fractions import Fraction

MS_PER_MINUTE = 60_000
MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen, cents) with its ISO 4217 currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError("amounts of two currencies are never added")
        return Money(self.minor + other.minor, self.currency)

    def to_json(self) -> dict[str, int | str]:
        """`{"amount_minor", "currency"}`, as the API writes prices."""
        return {"amount_minor": self.minor, "currency": self.currency}


def fraction_text(value: Fraction | int) -> str:
    """Lowest terms, `"3"` or `"-28/5"`, as every exchange format writes exact numbers."""
    return str(Fraction(value))


def half_up(value: Fraction, places: int) -> Fraction:
    """Rounded to decimal places, halves away from zero; for showing, never for keeping."""
    scale = 10**places
    scaled = abs(value) * scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, scale)
