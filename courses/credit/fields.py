"""Reading single fields of parsed JSON strictly; every refusal names its path in the file.

`Row` is one JSON object with its path. Nothing here knows what the fields mean.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from courses.credit import instants
from courses.credit.evidence import BadEvidence

# Far beyond any instant or duration there is; what is larger is a mistake, not a measure.
MAX_INTEGER = 10**15
MAX_DIGITS = 40
_FRACTION = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}(?:/[0-9]{{1,{MAX_DIGITS}}})?")
T = TypeVar("T")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class RepeatingObject(dict[str, Any]):
    """A JSON object in which a key stood twice; `repeated` names it."""

    repeated = ""


class TooLarge:
    """Stands where a JSON integer had more digits than anybody measures."""


class Row:
    """One JSON object: its keys checked at once, its fields read one by one."""

    __slots__ = ("_values", "path")

    def __init__(
        self, value: object, path: str, required: Sequence[str], optional: Sequence[str] = ()
    ) -> None:
        if not isinstance(value, dict):
            raise BadEvidence(path or "evidence", "must be an object")
        if isinstance(value, RepeatingObject):
            raise BadEvidence(joined(path, value.repeated), "is given twice")
        for key in value:
            if key not in required and key not in optional:
                raise BadEvidence(joined(path, key), "is not a key of this format")
        for key in required:
            if key not in value:
                raise BadEvidence(joined(path, key), "is missing")
        self._values: dict[str, Any] = value
        self.path = path

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def at(self, key: str) -> str:
        """The path of one field."""
        return joined(self.path, key)

    def bad(self, key: str, message: str) -> BadEvidence:
        """The refusal of one field, to be raised."""
        return BadEvidence(self.at(key), message)

    def value(self, key: str) -> Any:
        """The field as JSON gave it."""
        return self._values[key]

    def is_null(self, key: str) -> bool:
        """Whether the field is there and null."""
        return key in self._values and self._values[key] is None

    def string(self, key: str, *, may_be_empty: bool = False) -> str:
        """Text, refused where empty or not writable as UTF-8."""
        value = self._values[key]
        if not isinstance(value, str):
            raise self.bad(key, "must be a string")
        if not value and not may_be_empty:
            raise self.bad(key, "must not be empty")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self.bad(key, "holds half a character")
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """One of some words."""
        value = self._values[key]
        if not isinstance(value, str) or value not in choices:
            raise self.bad(key, f"must be one of {', '.join(choices)}")
        return value

    def integer(self, key: str, *, least: int = -MAX_INTEGER) -> int:
        """An integer `>= least`, of sane size."""
        value = self._values[key]
        if isinstance(value, TooLarge):
            raise self.bad(key, "is too large")
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.bad(key, "must be an integer")
        if value < least:
            raise self.bad(key, f"must be at least {least}")
        if abs(value) > MAX_INTEGER:
            raise self.bad(key, "is too large")
        return value

    def boolean(self, key: str) -> bool:
        """True or false."""
        value = self._values[key]
        if not isinstance(value, bool):
            raise self.bad(key, "must be true or false")
        return value

    def fraction(self, key: str, *, is_signed: bool = False) -> Fraction:
        """An exact number written `"3"` or `"28/5"`; negative only where `is_signed`."""
        value = self._values[key]
        if not isinstance(value, str):
            raise self.bad(key, 'must be a string like "3" or "28/5"')
        if _FRACTION.fullmatch(value) is None:
            raise self.bad(key, 'must be an integer or a fraction like "3" or "28/5"')
        numerator, _, denominator = value.partition("/")
        if denominator and not int(denominator):
            raise self.bad(key, "is divided by zero")
        found = Fraction(int(numerator), int(denominator or "1"))
        if found < 0 and not is_signed:
            raise self.bad(key, "must not be negative")
        return found

    def instant(self, key: str) -> int:
        """An instant, in whole milliseconds since 1970 UTC."""
        value = self._values[key]
        if not isinstance(value, str):
            raise self.bad(key, "must be an instant like 2020-05-06T19:00:00+08:00")
        try:
            return instants.parse(value)
        except ValueError as error:
            raise self.bad(key, str(error)) from None

    def day(self, key: str) -> date:
        """A date."""
        value = self._values[key]
        if not isinstance(value, str):
            raise self.bad(key, "must be a date like 2020-05-06")
        try:
            return instants.parse_day(value)
        except ValueError as error:
            raise self.bad(key, str(error)) from None

    def items(self, key: str) -> Iterator[tuple[Any, str]]:
        """The items of a list, each with its path; a missing key is an empty list."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            raise self.bad(key, "must be a list")
        path = self.at(key)
        for index, item in enumerate(value):
            yield item, f"{path}[{index}]"

    def rows(self, key: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
        """The items of a list, each read by `read(value, path)`."""
        return tuple(read(item, path) for item, path in self.items(key))


def joined(path: str, key: str) -> str:
    """The path of a key within an object; odd keys are quoted."""
    name = key if _PLAIN_KEY.fullmatch(key) else json.dumps(key[:80])
    return f"{path}.{name}" if path else name
