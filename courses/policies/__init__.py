"""Policies: the dated versions of the rules, and the way a draft takes to become one of them."""

from courses.policies.drafted import Draft, version_of
from courses.policies.entering import enter
from courses.policies.published import (
    Bound,
    PolicyVersion,
    as_rules,
    binding,
    chosen,
    day_of,
    get,
    in_force,
    instant_text,
    labelled,
    pool,
    start_of_day,
    typed,
    versions,
    worth,
)
from courses.policies.rules import complete, written

__all__ = [
    "Bound",
    "Draft",
    "PolicyVersion",
    "as_rules",
    "binding",
    "chosen",
    "complete",
    "day_of",
    "enter",
    "get",
    "in_force",
    "instant_text",
    "labelled",
    "pool",
    "start_of_day",
    "typed",
    "version_of",
    "versions",
    "worth",
    "written",
]
