"""What may be certified of a learner at an instant, and the facts that are frozen then. Pure.

Only hours that are written count. Facts hold texts alone, so that their canonical JSON is the same for ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from courses.credit.instants import Zone
from courses.ledger.explained import CoursePart, EntryPart, Record, RequirementPart
from courses.policies import PolicyVersion, day_of


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be certified now, or what stands in the way: `why` is a refusal's code."""

    kind: str
    about: str
    title: str
    hours: Fraction
    from_on: date
    to_on: date
    why: str = ""
    parts: tuple[EntryPart, ...] = ()
    figures: tuple[tuple[str, Fraction], ...] = ()
    rule: PolicyVersion | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The rules by which the hours were credited, in the order of the rows."""
        named = [part.row.line.policy for part in self.parts]
        return tuple(dict.fromkeys([*named, *([self.rule.label] if self.rule else [])]))

    def facts(self, zone: Zone) -> dict[str, Any]:
        """As it is frozen."""
        titles = {part.rule.label: part.rule.document_title for part in self.parts if part.rule}
        if self.rule:
            titles[self.rule.label] = self.rule.document_title
        return {
            "kind": self.kind,
            "title": self.title,
            "hours": str(self.hours),
            "from_on": self.from_on.isoformat(),
            "to_on": self.to_on.isoformat(),
            "policies": [{"label": label, "title": titles.get(label, "")} for label in self.labels],
            "figures": [{"kind": kind, "hours": str(hours)} for kind, hours in self.figures],
            "rows": [
                {
                    "on": day_of(part.row.line.at, zone).isoformat(),
                    "kind": part.row.line.kind,
                    "title": part.title or part.note,
                    "hours": str(part.row.line.hours),
                    "policy": part.row.line.policy,
                }
                for part in self.parts
            ],
        }


def offers(record: Record) -> list[Offer]:
    """The whole statement, then requirements and courses, each with what stands in its way."""
    zone = record.told.trace.statement.zone
    written = [part for part in reversed(record.entries) if part.row.is_settled]
    return [
        whole(record, written, zone),
        *(required(record, part) for part in record.requirements),
        *completed(record, written, zone),
    ]


def whole(record: Record, written: list[EntryPart], zone: Zone) -> Offer:
    """Everything that is written in the ledger."""
    last_on = day_of(record.as_of, zone)
    return Offer(
        kind="statement",
        about="",
        title="",
        hours=total(written),
        from_on=day_of(written[0].row.line.at, zone) if written else last_on,
        to_on=last_on,
        why="" if written else "nothing_to_certify",
        parts=tuple(written),
    )


def completed(record: Record, written: list[EntryPart], zone: Zone) -> Iterator[Offer]:
    """Each course, the latest first."""
    for part in record.courses:
        rows = [row for row in written if row.row.line.about == part.result.id]
        yield Offer(
            kind="course",
            about=part.result.id,
            title=str(part.taking.edition.facts.get("title", part.taking.course.title)),
            hours=total(rows),
            from_on=day_of(part.taking.enrolment.at, zone),
            to_on=day_of(part.posted_at or record.as_of, zone),
            why=standing(part, rows),
            parts=tuple(rows),
            rule=part.rule,
        )


def standing(part: CoursePart, rows: list[EntryPart]) -> str:
    """What is in the way of a course's certificate."""
    if not (part.result.is_coverage_open and part.result.is_exam_passed and part.posted_at):
        return "not_completed"
    if part.unsettled:
        return "not_settled"
    return "" if total(rows) > 0 else "nothing_to_certify"


def required(record: Record, part: RequirementPart) -> Offer:
    """A requirement, with the engine's own figures."""
    result = part.result
    if not result.is_met:
        why = "not_met"
    else:
        why = "not_settled" if any(not row.is_settled for row in record.told.rows) else ""
    return Offer(
        kind="requirement",
        about=part.row.id,
        title=part.row.title,
        hours=result.total,
        from_on=part.first_on,
        to_on=part.last_on,
        why=why,
        figures=(
            ("required", result.required), ("online", result.online_countable),
            ("in_person", result.offline), ("total", result.total),
        ),
        rule=part.rule,
    )  # fmt: skip


def total(parts: list[EntryPart]) -> Fraction:
    """Hours, net of what was taken back."""
    return sum((part.row.line.hours for part in parts), Fraction(0))
