"""What requirements and codes are called in the reader's language."""

from flask_babel import get_locale

from courses.catalogue import taxonomy
from courses.ledger.models import Requirement
from courses.ledger.required import opening


def title(row: Requirement) -> str:
    """An official's own words, or the category and occasion of the rule it follows from."""
    if row.trainee and row.occasion:
        return opening.titled(row.trainee, row.occasion, str(get_locale()))
    return row.title


def code(axis: str, code_: str) -> str:
    """A code of one of the catalogue's axes."""
    return taxonomy.label(axis, code_, str(get_locale()))
