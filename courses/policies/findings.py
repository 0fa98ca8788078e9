"""All that can be said against a draft: what cannot be read, what contradicts, what the dates would do.

A district's version is held against the city's at every instant of its dates, and the city's against the
districts' own. Nothing is stored; both officers see the same list, computed anew at every look.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.people.jurisdictions import Jurisdiction
from courses.policies import rules, sense, strictness
from courses.policies.drafted import Draft, version_of
from courses.policies.published import Bound, PolicyVersion, chosen, pool, versions
from courses.policies.sense import Finding, stops
from courses.policies.strictness import Order


@dataclass(frozen=True, slots=True)
class Superseded:
    """What was in force before, for the part of a draft's dates that it takes from it; None: nothing was."""

    version: PolicyVersion | None
    from_at: datetime
    to_at: datetime | None


def of(session: Session, draft: Draft, *, now: datetime) -> list[Finding]:
    """Every finding about a draft as if it were published at `now`: errors first."""
    found = [*_document(draft)]
    unreadable = rules.unreadable(draft.rules)
    if unreadable:
        return found + [stops(said) for said in unreadable]
    try:
        made = version_of(session, draft, drafted_by="", approved_by="", now=now)
    except errors.Invalid as refusal:
        return [*found, stops(refusal)]
    policy = rules.typed(made.rules)
    found += [*_dates(session, made), *_names(session, made), *sense.of(policy, made.prompts)]
    if not any(one.is_error for one in found):
        found += [*_time(session, made), *_against_the_city(session, made), *_against_districts(session, made)]
    return sorted(found, key=lambda one: not one.is_error)


def _document(draft: Draft) -> Iterator[Finding]:
    if not draft.title.strip():
        yield stops(errors.Invalid("document_missing", "Name the legal document this rule rests on.", field="title"))
    if not draft.number.strip():
        yield stops(errors.Invalid("document_number", "Give the number of the document, so that anybody can find it.", field="number"))
    if not draft.text.strip():
        yield stops(errors.Invalid("document_text", "Quote what the document says: learners and auditors read it.", field="text"))


def _dates(session: Session, made: PolicyVersion) -> Iterator[Finding]:
    """Dates that leave an instant without a rule; evidence of such an instant could not be read."""
    if made.effective_to is not None and made.effective_to <= made.effective_from:
        yield stops(errors.Invalid("policy_dates", "The last day lies before the first.", field="until_on"))
        return
    place = session.get_one(Jurisdiction, made.jurisdiction_id)
    if place.parent_id is not None:
        if made.effective_to is not None:
            yield stops(
                errors.Invalid(
                    "policy_gap", "A district's rule has no last day: a later version supersedes it.", field="until_on"
                )
            )
        if not pool(session, place.parent_id, known_at=made.issued_at):
            yield stops(errors.Invalid("policy_parent", "The city must have a rule first.", field="jurisdiction_id"))
        return
    end: datetime | None = None
    for version in sorted([*versions(session, made.jurisdiction_id), made], key=lambda v: v.effective_from):
        if end is not None and version.effective_from > end:
            break
        if version.effective_to is None:
            return
        end = max(end or version.effective_to, version.effective_to)
    yield stops(errors.Invalid("policy_gap", "These dates would leave days without any rule.", field="until_on"))


def _names(session: Session, made: PolicyVersion) -> Iterator[Finding]:
    """One name, one version; and one zone for the whole site, since one file has one."""
    taken = session.scalar(
        select(PolicyVersion.id).where(
            PolicyVersion.policy_id == made.policy_id, PolicyVersion.version == made.version
        )
    )
    if taken is not None:
        yield stops(errors.Invalid("policy_label_taken", "There is a version of this name already."))
    other = session.scalars(select(PolicyVersion).limit(1)).first()
    if other is not None and other.rules["timezone"] != made.rules["timezone"]:
        yield stops(
            errors.Invalid(
                "policy_zone", "All rules share one time zone: %(zone)s.",
                field="timezone", zone=other.rules["timezone"],
            )
        )  # fmt: skip


def _time(session: Session, made: PolicyVersion) -> Iterator[Finding]:
    """Overlaps: what a version of these dates does to those that are there."""
    if made.effective_from < made.issued_at:
        yield Finding(
            errors.Invalid(
                "in_the_past", "It takes effect in the past: hours credited since then are adjusted by new entries.",
                field="effective_on",
            )
        )  # fmt: skip
    before = superseded(session, made)
    for part in before:
        if part.version is not None and (part.version.rules, part.version.prompts) == (made.rules, made.prompts):
            yield Finding(errors.Invalid("changes_nothing", "It says the same as %(label)s.", label=part.version.label))
    for own in versions(session, made.jurisdiction_id):
        is_covered = made.effective_to is None or (own.effective_to is not None and own.effective_to <= made.effective_to)
        if own.effective_from >= max(made.effective_from, made.issued_at) and is_covered:
            yield Finding(
                errors.Invalid(
                    "never_in_force", "%(label)s, which is yet to begin, would never be in force: this one is issued later.",
                    field="effective_on", label=own.label,
                )
            )  # fmt: skip
    if made.effective_to is not None:
        after = chosen(pool(session, made.jurisdiction_id, known_at=made.issued_at), at=made.effective_to)
        if after is not None:
            yield Finding(
                errors.Invalid(
                    "returns", "After its last day %(label)s is in force again.",
                    field="until_on", label=after.version.label,
                )
            )  # fmt: skip


def superseded(session: Session, made: PolicyVersion) -> list[Superseded]:
    """What is in force in a draft's dates as known now, in order of time, neighbours joined."""
    bound = pool(session, made.jurisdiction_id, known_at=made.issued_at)
    starts = edges(bound, made)
    found: list[Superseded] = []
    for at, to in zip(starts, [*starts[1:], made.effective_to], strict=True):
        here = chosen(bound, at=at)
        version = here.version if here else None
        if found and found[-1].version is version:
            found[-1] = replace(found[-1], to_at=to)
        else:
            found.append(Superseded(version, at, to))
    return found


def _against_the_city(session: Session, made: PolicyVersion) -> Iterator[Finding]:
    """A district may tighten what the city set, not loosen it."""
    parent = session.get_one(Jurisdiction, made.jurisdiction_id).parent_id
    if parent is None:
        return
    for version in in_force_during(pool(session, parent, known_at=made.issued_at), made):
        for field, order in orders(made, version):
            if order is Order.LOOSER:
                yield stops(
                    errors.Invalid(
                        "policy_loosens", "Looser than %(label)s: a district may tighten what the city set, not loosen it.",
                        field=field, label=version.label,
                    )
                )  # fmt: skip
            elif order is Order.UNLIKE:
                yield stops(strictness.unlike(field, version.label))


def _against_districts(session: Session, made: PolicyVersion) -> Iterator[Finding]:
    """The districts' own rules go on; each must stay as strict, or be tightened first.

    What cannot be compared does not stop the city: else neither of the two could ever be changed first.
    """
    for place in session.scalars(
        select(Jurisdiction.id).where(Jurisdiction.parent_id == made.jurisdiction_id).order_by(Jurisdiction.id)
    ):
        own = [Bound(v, v.effective_from, v.effective_to) for v in versions(session, place)]
        for version in in_force_during(own, made):
            for field, order in orders(version, made):
                if order is Order.LOOSER:
                    yield stops(
                        errors.Invalid(
                            "district_looser", "%(label)s would be looser than this: tighten that district's rule first.",
                            field=field, label=version.label,
                        )
                    )  # fmt: skip
                elif order is Order.UNLIKE:
                    yield Finding(strictness.unlike(field, version.label))


def orders(one: PolicyVersion, other: PolicyVersion) -> Iterable[tuple[str, Order]]:
    """How a version's fields stand to another's."""
    return strictness.compared(
        rules.typed(one.rules), rules.typed(other.rules), one.prompts, other.prompts
    ).items()


def in_force_during(bound: list[Bound], made: PolicyVersion) -> list[PolicyVersion]:
    """The versions of a pool that are in force at some instant of a version's dates, each once."""
    found = {}
    for at in edges(bound, made):
        here = chosen(bound, at=at)
        if here is not None:
            found[here.version.id] = here.version
    return list(found.values())


def edges(bound: list[Bound], made: PolicyVersion) -> list[datetime]:
    """The instants of a version's dates at which what a pool says may change, its first among them."""
    turns = {edge for b in bound for edge in (b.effective_from, b.effective_to) if edge is not None}
    own = Bound(made, made.effective_from, made.effective_to)
    return sorted({made.effective_from} | {edge for edge in turns if own.holds(edge)})
