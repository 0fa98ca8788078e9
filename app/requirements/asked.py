"""Choices that several forms of this feature offer, by their names in the reader's language."""

from app.requirements import named
from courses.ledger.required.industries import INDUSTRIES
from courses.ledger.required_hours import Occasion, Trainee

Choices = list[tuple[str, str]]


def trainees() -> Choices:
    """Categories that a person can be appointed to."""
    return [(one.value, named.code("trainee", one)) for one in Trainee]


def occasions() -> Choices:
    """When hours fall due."""
    return [(one.value, named.code("occasion", one)) for one in Occasion]


def industries() -> Choices:
    """What an enterprise may do."""
    return [(one, named.code("industry", one)) for one in INDUSTRIES]
