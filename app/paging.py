"""Paging by number for pages that people read: bounded, and honest about the total."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows; `number` counts from 1."""

    rows: list[Row]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(1, -(-self.total // self.size))

    @property
    def previous(self) -> int | None:
        """The number of the page before, if any."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """The number of the page after, if any."""
        return self.number + 1 if self.number < self.pages else None


def asked(size: int) -> tuple[int, int]:
    """The asked page number (from `?page=`) and its offset; nonsense is page 1."""
    number = request.args.get("page", default=1, type=int) or 1
    number = min(max(number, 1), 10_000)
    return number, (number - 1) * size
