"""One learner's record before an official: opened with a reason, every further read written down."""

from datetime import datetime, timedelta

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import access, clock, db
from app import errors as telling
from app.access import Permission
from app.oversight import described
from courses import errors, oversight, policies
from courses.ledger import evidence, explained, export, statement
from courses.ledger.required import posts
from courses.ledger.required.opening import Scope
from courses.oversight import What
from courses.people.organisations import Actor
from courses.policies import instant_text
from courses.watch.models import Archive, Beat, Playback

bp = Blueprint("oversight_record", __name__, url_prefix="/oversight/learners")

TICK = timedelta(milliseconds=1)
MOST_PLAYBACKS = 200


@bp.get("/<subject_key>")
@access.needs(Permission.OVERSIGHT_READ)
def learner(subject_key: str) -> str:
    """The statement, the rules, the playbacks and the entries; a form for the reason before it is opened."""
    actor = access.someone()
    now = clock.now()
    with db.reading() as session:
        oversight.learner(session, actor, subject_key, today=clock.today())
        try:
            opening = oversight.opened(session, actor, subject_key, now=now)
        except errors.Conflict:
            return render_template("oversight/reason.html", subject_key=subject_key, tried="", error="")
        line = described.learner_line(session, subject_key, today=clock.today())
        try:
            record = explained.of(session, subject_key, as_of=now + TICK)
        except errors.Conflict as refusal:
            return render_template(
                "oversight/unreadable.html", person=line, sentence=telling.say(refusal)
            )
        return render_template(
            "oversight/record.html",
            person=line,
            opening=opening,
            record=record,
            as_of_text=instant_text(now + TICK, record.told.trace.statement.zone),
            rules=[
                policies.labelled(session, policy.name) for policy in record.told.evidence.policies
            ],
            playbacks=playbacks_of(session, subject_key),
            titles=titles(record),
            lines=oversight.lines(session, oversight.of_subject(session, subject_key)),
            standing=posts.of_subject(session, subject_key, scope=scope(), as_of=now + TICK),
            today=clock.today(),
        )


def scope() -> Scope:
    """Whom the rules of principals and safety managers bind, by the settings."""
    return Scope(current_app.extensions["xueshi_settings"].three_post_scope)


@bp.post("/<subject_key>/open")
@access.needs(Permission.OVERSIGHT_READ)
def open_record(subject_key: str) -> Response | tuple[str, int]:
    """Write the reason down, then show the record."""
    actor = access.someone()
    reason = request.form.get("reason", "")
    with db.writing() as session:
        oversight.learner(session, actor, subject_key, today=clock.today())
        try:
            oversight.note(
                session, actor, subject_key=subject_key, what=What.RECORD, reason=reason, now=clock.now()
            )
        except errors.Invalid as refusal:
            return render_template(
                "oversight/reason.html", subject_key=subject_key, tried=reason, error=telling.say(refusal)
            ), 422
    return redirect(url_for("oversight_record.learner", subject_key=subject_key), 303)


@bp.get("/<subject_key>/playbacks/<playback_id>")
@access.needs(Permission.OVERSIGHT_READ)
def playback(subject_key: str, playback_id: str) -> str:
    """One playback with its beats as they were told, and what became of each part."""
    now = clock.now()
    with db.writing() as session:
        looked(session, access.someone(), subject_key, What.PLAYBACK, now=now)
        found = session.get(Playback, playback_id)
        if found is None or found.subject_key != subject_key:
            raise errors.NotFound()
        record = explained.of(session, subject_key, as_of=now + TICK)
        told = record.told
        beats = session.scalars(
            select(Beat).where(Beat.playback_id == playback_id).order_by(Beat.seq)
        ).all()
        parts = [rows for rows in told.trace.parts.values() if rows and rows[0].stretch.playback == playback_id]
        return render_template(
            "oversight/playback.html",
            person=described.learner_line(session, subject_key, today=clock.today()),
            playback=found,
            beats=beats,
            titles=titles(record),
            parts_of_it=[part for rows in parts for part in described.parts(rows)],
        )


@bp.get("/<subject_key>/statement.json")
@access.needs(Permission.OVERSIGHT_READ)
def statement_file(subject_key: str) -> Response:
    """The statement as its file."""
    with db.writing() as session:
        looked(session, access.someone(), subject_key, What.STATEMENT, now=clock.now())
        found = statement.of(session, subject_key, as_of=described.as_of(clock.now()))
        return described.download(found.to_json(), name=f"xueshi-statement-{subject_key}.json")


@bp.get("/<subject_key>/evidence.json")
@access.needs(Permission.OVERSIGHT_READ)
def evidence_file(subject_key: str) -> Response:
    """The evidence as its file."""
    with db.writing() as session:
        looked(session, access.someone(), subject_key, What.EVIDENCE, now=clock.now())
        known = evidence.of(session, subject_key, as_of=described.as_of(clock.now()))
        return described.download(export.document(known), name=f"xueshi-evidence-{subject_key}.json")


def looked(session: Session, actor: Actor, subject_key: str, what: What, *, now: datetime) -> None:
    """A further read of an opened record, under the reason it was opened with."""
    oversight.looked(session, actor, subject_key, what=what, today=clock.today(), now=now)


def playbacks_of(session: Session, subject_key: str) -> list[tuple[Playback, int]]:
    """The latest playbacks, each with its number of beats."""
    told = select(func.count()).where(Beat.playback_id == Playback.id).scalar_subquery()
    rows = session.execute(
        select(Playback, func.coalesce(Archive.beats, told))
        .outerjoin(Archive, Archive.playback_id == Playback.id)
        .where(Playback.subject_key == subject_key)
        .order_by(Playback.opened_at.desc(), Playback.id)
        .limit(MOST_PLAYBACKS)
    )
    return [(row, count) for row, count in rows]


def titles(record: explained.Record) -> dict[str, str]:
    """Course and lesson titles by (enrolment, lesson) joined with a slash."""
    return {
        f"{part.taking.enrolment.id}/{lesson.id}": f"{part.taking.course.title} · {lesson.title}"
        for part in record.courses
        for lesson in part.lessons
    }
