"""What the pages of drafts show: findings at their fields, what changes, and a simulation by groups."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.policies import plain
from app.policies.form import FIELD_OF_RULE, VersionForm
from app.templating import is_chinese
from courses.catalogue import taxonomy
from courses.people.jurisdictions import Jurisdiction
from courses.people.organisations import Organisation
from courses.policies import PolicyVersion, findings, sums
from courses.policies.findings import Superseded
from courses.policies.sense import Finding
from courses.policies.sums import NOBODY, TOGETHER, Line, Sums


@dataclass(frozen=True, slots=True)
class Said:
    """A finding in the reader's language; `field` is the form's label, or empty."""

    key: str
    is_error: bool
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    """What was in force for some of the dates, and each term that would read otherwise: (term, now, then)."""

    before: Superseded
    rows: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Group:
    """A line of a simulation with its name; the longest bar of its chart is 1000 wide."""

    name: str
    line: Line
    was: int
    would_be: int


def said(found: Iterable[Finding]) -> list[Said]:
    """Findings as they are read."""
    form = VersionForm(formdata=None)
    made = []
    for one in found:
        name = FIELD_OF_RULE.get(one.said.field, one.said.field)
        label = str(form[name].label.text) if name in form else ""
        made.append(Said(one.key, one.is_error, label, str(_(one.said.sentence, **one.said.detail))))
    return made


def changes(session: Session, made: PolicyVersion) -> list[Change]:
    """What a version supersedes, and what it says otherwise."""
    mine = plain.rows(made.rules, made.prompts)
    found = []
    for before in findings.superseded(session, made):
        rows = []
        if before.version is not None:
            theirs = plain.rows(before.version.rules, before.version.prompts)
            rows = [
                (new.term, old.text, new.text) for old, new in zip(theirs, mine, strict=True) if old.text != new.text
            ]
        found.append(Change(before, rows))
    return found


def groups(session: Session, whole: Sums, axis: str) -> list[Group]:
    """The lines of an axis with their names."""
    lines = sums.lines(whole, axis)
    named = {
        "district": lambda: {row.id: plain.place_name(row) for row in session.scalars(select(Jurisdiction))},
        "institution": lambda: institutions(session, [line.key for line in lines]),
        "trainee": lambda: {line.key: taxonomy.label("trainee", line.key, "zh" if is_chinese() else "en") for line in lines},
    }[axis]()
    named |= {NOBODY: _("none known"), TOGETHER: _("groups of fewer than five, together")}
    top = max((max(line.before, line.after) for line in lines), default=0) or 1
    return [
        Group(named.get(line.key, line.key), line, int(line.before / top * 1000), int(line.after / top * 1000))
        for line in lines
    ]


def institutions(session: Session, ids: list[str]) -> dict[str, str]:
    """Institutions by id."""
    return {row.id: row.name for row in session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
