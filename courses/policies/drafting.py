"""What officers do with a draft: write, submit, take back, return, withdraw, approve.

One drafts and a second one approves, exactly what was drafted, checked and simulated: a changed draft is
looked at anew. Approved, it is a version, and nothing of it can be edited.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors
from courses.people.organisations import Actor, Role
from courses.people.persons import Subject
from courses.policies import drafts, entering, findings, simulations
from courses.policies import rules as reading
from courses.policies.drafted import Draft, version_of
from courses.policies.drafts import MOVES, WRITABLE, PolicyDraft, PolicyDraftStep, State
from courses.policies.published import PolicyVersion
from courses.policies.sense import Finding

NOTE_LENGTH = 500


def write(session: Session, actor: Actor, content: Draft, *, now: datetime) -> PolicyDraft:
    """A new draft. Refused: Conflict `not_an_officer`, Invalid `invalid_policy`, `unknown_jurisdiction`."""
    check_may(actor)
    row = PolicyDraft(state=State.DRAFT, revision=1, drafted_by=actor.subject_key, drafted_at=now)
    _fill(session, row, content, now=now)
    session.add(row)
    session.flush()
    _note(session, row, actor, now=now)
    return row


def change(
    session: Session, actor: Actor, draft_id: str, content: Draft, *, revision: int, now: datetime
) -> PolicyDraft:
    """Write a draft anew; what was confirmed, simulated or returned was of the one before.

    `revision`: what its author had before them. Refused: Conflict `not_the_author`, `draft_changed`,
    `draft_state`; Invalid as `write`.
    """
    row = _held(session, actor, draft_id)
    _check_author(row, actor)
    _check_seen(row, revision)
    if State(row.state) not in WRITABLE:
        raise errors.Conflict("draft_state", "This draft cannot be changed as it stands.")
    _fill(session, row, content, now=now)
    row.revision += 1
    row.state = State.DRAFT
    _note(session, row, actor, now=now)
    return row


def submit(
    session: Session, actor: Actor, draft_id: str, *, revision: int, confirmed: Collection[str], now: datetime
) -> None:
    """Hand a draft to a second officer, its warnings read. Refused: as `approve`, and `not_the_author`."""
    row = _held(session, actor, draft_id)
    _check_author(row, actor)
    _check_seen(row, revision)
    found = _checked(session, row, confirmed, now=now)
    _move(session, row, State.SUBMITTED, actor, confirmed=found, now=now)


def take_back(session: Session, actor: Actor, draft_id: str, *, now: datetime) -> None:
    """Its author goes on writing."""
    row = _held(session, actor, draft_id)
    _check_author(row, actor)
    if row.state != State.SUBMITTED:
        raise errors.Conflict("draft_state", "This draft cannot be changed as it stands.")
    _move(session, row, State.DRAFT, actor, now=now)


def withdraw(session: Session, actor: Actor, draft_id: str, *, note: str, now: datetime) -> None:
    """Its author gives it up, and says why."""
    row = _held(session, actor, draft_id)
    _check_author(row, actor)
    _move(session, row, State.WITHDRAWN, actor, note=_words(note), now=now)


def give_back(session: Session, actor: Actor, draft_id: str, *, revision: int, note: str, now: datetime) -> None:
    """A second officer returns it, and says what is to be changed."""
    row = _held(session, actor, draft_id)
    _check_other(session, row, actor)
    _check_seen(row, revision)
    _move(session, row, State.RETURNED, actor, note=_words(note), now=now)


def approve(
    session: Session, actor: Actor, draft_id: str, *, revision: int, confirmed: Collection[str], now: datetime
) -> PolicyVersion:
    """A second officer makes it a version, exactly as it stands.

    `revision`: what they saw; `confirmed`: the keys of the warnings they read. Refused: Conflict
    `same_person`, `draft_changed`, `draft_state`, `simulation_missing`, `warnings_unread`; Invalid with the
    first of what stops it by now.
    """
    row = drafts.get(session, draft_id)
    entering.lock(session, row.jurisdiction_id)
    row = _held(session, actor, draft_id)
    _check_other(session, row, actor)
    _check_seen(row, revision)
    if State.APPROVED not in MOVES[State(row.state)]:
        raise errors.Conflict("draft_state", "This draft cannot be changed as it stands.")
    found = _checked(session, row, confirmed, now=now)
    made = entering.enter(
        session, row.content, entered_by=row.drafted_by, approved_by=actor.subject_key, now=now
    )
    row.version_id = made.id
    _move(session, row, State.APPROVED, actor, confirmed=found, now=now)
    return made


def told(session: Session, row: PolicyDraft, *, now: datetime) -> list[Finding]:
    """What the site finds about a draft, and the other drafts that wait for the same days."""
    found = findings.of(session, row.content, now=now)
    for other in drafts.rivals(session, row):
        said = errors.Invalid(
            "draft_rival", "Another draft for these days waits for approval: %(title)s.",
            field="effective_on", title=other.document_title,
        )  # fmt: skip
        found.append(Finding(said))
    return found


def check_may(actor: Actor) -> None:
    """The city's officers set rules; whoever operates the site does not."""
    if not actor.is_city_regulator or Role.OPERATOR in actor.roles:
        raise errors.Conflict("not_an_officer", "Only officers of the city's bureau make rules.")


def is_author(session: Session, row: PolicyDraft, actor: Actor) -> bool:
    """Whether the actor drafted it, under whatever key."""
    person_id = session.scalar(select(Subject.person_id).where(Subject.key == row.drafted_by))
    return actor.subject_key == row.drafted_by or actor.person_id == person_id


def _held(session: Session, actor: Actor, draft_id: str) -> PolicyDraft:
    """The draft, locked until the transaction ends: of two clicks at once the second sees the first."""
    check_may(actor)
    row = session.get(PolicyDraft, draft_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise errors.NotFound()
    return row


def _check_author(row: PolicyDraft, actor: Actor) -> None:
    if row.drafted_by != actor.subject_key:
        raise errors.Conflict("not_the_author", "Only the officer who drafted it does this.")


def _check_other(session: Session, row: PolicyDraft, actor: Actor) -> None:
    if is_author(session, row, actor):
        raise errors.Conflict("same_person", "Somebody else must decide on what you proposed.")


def _check_seen(row: PolicyDraft, revision: int) -> None:
    if row.revision != revision:
        raise errors.Conflict("draft_changed", "The draft was changed meanwhile. Read it as it stands now.")


def _checked(session: Session, row: PolicyDraft, confirmed: Collection[str], *, now: datetime) -> list[str]:
    """The keys of the warnings, all of them read; refused for what stops it, or was not simulated."""
    found = told(session, row, now=now)
    for finding in found:
        if finding.is_error:
            raise finding.said
    if simulations.finished(session, row.id, revision=row.revision) is None:
        raise errors.Conflict("simulation_missing", "Simulate it first: nobody has seen yet what it would change.")
    keys = [finding.key for finding in found]
    if not set(keys) <= set(confirmed):
        raise errors.Conflict("warnings_unread", "Confirm each warning that you have read.")
    return keys


def _fill(session: Session, row: PolicyDraft, content: Draft, *, now: datetime) -> None:
    """Put content into a draft: readable by the engine, whatever else may be wrong with it."""
    version_of(session, content, drafted_by="", approved_by="", now=now)
    row.jurisdiction_id = content.jurisdiction_id
    row.effective_on = content.effective_on
    row.until_on = content.until_on
    row.document_title = content.title.strip()
    row.document_number = content.number.strip()
    row.document_text = content.text.strip()
    row.is_example = content.is_example
    row.rules = reading.complete(content.rules)
    row.prompts = dict(content.prompts) if content.prompts else None


def _move(
    session: Session,
    row: PolicyDraft,
    to: State,
    actor: Actor,
    *,
    now: datetime,
    note: str = "",
    confirmed: Collection[str] = (),
) -> None:
    if to not in MOVES[State(row.state)]:
        raise errors.Conflict("draft_state", "This draft cannot be changed as it stands.")
    row.state = to
    _note(session, row, actor, note=note, confirmed=confirmed, now=now)


def _note(
    session: Session,
    row: PolicyDraft,
    actor: Actor,
    *,
    now: datetime,
    note: str = "",
    confirmed: Collection[str] = (),
) -> None:
    session.add(
        PolicyDraftStep(
            draft_id=row.id,
            number=len(drafts.steps(session, row.id)) + 1,
            revision=row.revision,
            to_state=row.state,
            confirmed=list(confirmed),
            note=note,
            by=actor.subject_key,
            at=now,
        )
    )
    session.flush()


def _words(note: str) -> str:
    plain = note.strip()
    if not plain or len(plain) > NOTE_LENGTH:
        raise errors.Invalid("note_required", "Say why, in at most 500 characters.", field="note")
    return plain
