"""The demonstration city with everything but its films: people, rules, courses, hours, ratings.

The films' rows are there, measured and ready, so that every page has something to show; to play one,
see `tests/flows`.
"""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.certificates import keys as certificate_keys
from app.certificates import paper
from app.demo import city, past
from app.demo import paper as demo_paper
from app.demo.plan import PLANS, Plan
from courses import calls, enrolment, oversight
from courses.catalogue import drafts, lessons
from courses.catalogue.models import Course
from courses.certificates.reversals import Reversal
from courses.ledger.cases.models import Appeal, Claim, Correction
from courses.ledger.classes.models import ClassRun
from courses.ledger.models import Entry
from courses.ledger.required.appointments import Appointment
from courses.people.organisations import Organisation
from courses.people.persons import Person
from courses.people.vault import Vault
from courses.policies import PolicyVersion
from courses.policies.drafts import PolicyDraft
from courses.units import Money
from courses.watch import archive
from courses.watch.models import Playback
from courses.watch.signals import seeking
from courses.watch.signals.models import Signal
from media.base import to_ms
from tests import required, retained, shelves

ACCOUNTS = {
    "worker": "13800000001",
    "beginner": "13800000007",
    "institution": "13800000011",
    "teacher": "13800000009",
    "enterprise": "13800000014",
    "wujin": "13800000015",
    "xinbei": "13800000016",
    "city": "13800000017",
    "operator": "13800000018",
}
LESSON_MS = (95_000, 140_000)


def make(app: Flask) -> dict[str, str]:
    """Everything, at once; returns the keys that addresses of pages are made of."""
    database, vault = app.extensions["xueshi_db"], app.extensions["xueshi_vault"]
    with app.app_context():
        demo_paper.keep()
        with database.writing() as session:
            required.national(session)
            retained.national(session, now=clock.now())
            city.begin(session, vault)
        for plan in PLANS:
            with database.writing() as session:
                offer(session, vault, plan, now=clock.now())
        city.weigh(app)
        with database.writing() as session:
            keys = more(session, vault, now=clock.now())
            keys |= called(session, vault, keys["course"], now=clock.now())
        with database.writing() as session:
            keys["signal"] = looked_at(session, now=clock.now())
        app.extensions["xueshi_reindex"]()
        keys["certificate"] = certified(app)
        with database.writing() as session:  # half an hour of it was taken back since
            short = Reversal(certificate_id=keys["certificate"], hours_num=1, hours_den=2, found_at=clock.now())
            session.add(short)
            session.flush()
            keys["reversal"] = short.id
    return keys


def certified(app: Flask) -> str:
    """A statement of the worker's, on paper, and a course's whose paper is still to be made."""
    signer = certificate_keys.signer(app.extensions["xueshi_settings"])
    with app.extensions["xueshi_db"].writing() as session:
        worker = city.actor(session, app.extensions["xueshi_vault"], ACCOUNTS["worker"])
        first, *_more = past.certify(session, worker, signer, now=clock.now())
    paper.make(app, first)
    return first


def offer(session: Session, vault: Vault, plan: Plan, *, now: datetime) -> None:
    """One course on offer, with what its learners did since."""
    course_id, institution_id = city.draft(session, vault, plan)
    course = session.get_one(Course, course_id)
    institution = session.get_one(Organisation, institution_id)
    for lesson, duration_ms in zip(lessons.in_order(session, course), LESSON_MS, strict=False):
        film = shelves.asset(session, institution, duration_ms=duration_ms, now=now)
        lessons.attach(session, course, lesson_id=lesson.id, asset_id=film.id, now=course.changed_at)
    at = now - timedelta(days=plan.published_days_ago)
    past.publish(session, city.actor(session, vault, past.OFFICER), course, at=at)
    past.happen(session, vault, plan, course, at=at)


def looked_at(session: Session, *, now: datetime) -> str:
    """As the jobs would: what is over is archived and looked at; the signal that this gives."""
    while due := archive.due(session, now=now):
        for playback_id in due:
            archive.keep(session, playback_id, now=now)
    while learners := seeking.due(session):
        for subject_key in learners:
            seeking.examine(session, subject_key, now=now)
    return session.scalars(select(Signal.id)).one()


def cases(session: Session) -> dict[str, str]:
    """What waits for officers, and the span of an appeal."""
    appeal = session.scalars(select(Appeal).where(Appeal.state == "open")).one()
    return {
        "claim": session.scalars(select(Claim.id)).one(),
        "appeal": appeal.id,
        "appealed": f"{appeal.playback_id}/{appeal.reason}/{to_ms(appeal.wall_from)}",
        "refused": session.scalars(select(Appeal.id).where(Appeal.state == "refused")).one(),
        "correction": session.scalars(select(Correction.id)).one(),
        "entry": session.scalars(
            select(Entry.id).where(Entry.subject_key == appeal.subject_key, Entry.kind == "posting").order_by(Entry.id)
        ).first() or "",
    }


def more(session: Session, vault: Vault, *, now: datetime) -> dict[str, str]:
    """What stands half-way: a draft, a course in review, an opened record; and every page's own keys."""
    storage = session.scalars(select(Course).where(Course.title == PLANS[0].title)).one()
    confined = session.scalars(select(Course).where(Course.title == PLANS[1].title)).one()
    priced = session.scalars(select(Course).where(Course.price_minor > 0)).first() or storage
    centre = session.get_one(Organisation, storage.organisation_id)
    teacher = session.get_one(Person, city.actor(session, vault, ACCOUNTS["teacher"]).person_id)
    draft = shelves.draft(session, centre, title="动火作业：第一颗火花之前", teacher=teacher, now=now)
    waiting = shelves.draft(session, centre, title="叉车与厂内运输", teacher=teacher, now=now)
    drafts.submit(session, waiting, on=now.date(), now=now)
    worker = city.actor(session, vault, ACCOUNTS["worker"])
    official = city.actor(session, vault, ACCOUNTS["wujin"])
    oversight.note(
        session,
        official,
        subject_key=worker.subject_key,
        what=oversight.What.RECORD,
        reason="双随机抽查：学时与学习记录是否一致。",
        now=now,
    )
    takings = enrolment.mine(session, worker.subject_key)
    taken = next(one for one in takings if one.course_id == confined.id)
    first, second = lessons.in_order(session, confined)
    playback = session.scalars(select(Playback).where(Playback.enrolment_id == taken.id)).first()
    return {
        "course": storage.id,
        "priced": priced.id,
        "draft": draft.id,
        "draft_lesson": lessons.in_order(session, draft)[0].id,
        "waiting": waiting.id,
        "institution": centre.id,
        "instructor": teacher.id,
        "preview": lessons.in_order(session, storage)[0].id,
        "enrolment": taken.id,
        "lesson": first.id,
        "second_lesson": second.id,
        "rated": next(one.id for one in takings if one.course_id == storage.id),
        "subject": worker.subject_key,
        "playback": playback.id if playback else "",
        "appointed": session.scalars(
            select(Appointment.membership_id).where(Appointment.trainee == "safety_manager").order_by(Appointment.from_on.desc())
        ).first() or "",
        "works": session.scalars(select(Appointment.organisation_id)).first() or "",
        "rule": "national-02",
        "policy": session.scalars(select(PolicyVersion.id)).first() or "",
        "rule_draft": session.scalars(select(PolicyDraft.id)).one(),
        "class_open": session.scalars(select(ClassRun.id).where(ClassRun.state == "open")).one(),
        "class_closed": session.scalars(select(ClassRun.id).where(ClassRun.state == "closed")).one(),
        **cases(session),
    }


def called(session: Session, vault: Vault, course_id: str, *, now: datetime) -> dict[str, str]:
    """A call of 武进区 whose last day is over, with an answer of the training centre."""
    officer, staff = city.actor(session, vault, ACCOUNTS["wujin"]), city.actor(session, vault, ACCOUNTS["institution"])
    then = now - timedelta(days=9)
    call = calls.make(
        session, officer, jurisdiction_id="CZ-WJ", title="受限空间作业（示例）", wanted="事故案例与应急处置。", on=then.date(),
        last_on=then.date() + timedelta(days=7), now=then,
    )  # fmt: skip
    offered = calls.answer(
        session, staff, call, course_id=course_id, words="案例来自本地企业。", price=Money(500_000, "CNY"), on=then.date(), now=then
    )
    return {"call": call.id, "call_answer": offered.id}
