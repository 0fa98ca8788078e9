"""The demonstration city, made at first start: people, rules, courses with real video, and some history.

`prepare` makes what must be there before anybody looks: everybody, the rules, and one course that plays.
The job `demo` makes the rest in the worker, course by course; killed in the middle, it goes on.
"""

import tempfile
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import structlog
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, jobs
from app.certificates import keys
from app.db import Database
from app.demo import lectures, paper, past, people, plan, posts, rules, sending
from app.demo.accounts import ACCOUNTS, PASSWORD
from app.demo.plan import PLANS, Plan
from app.settings import Settings
from courses.catalogue import drafts, lessons
from courses.catalogue.models import Course, CourseState
from courses.people import accounts
from courses.people.accounts import Account
from courses.people.jurisdictions import Jurisdiction, day_of
from courses.people.organisations import Actor, Organisation
from courses.people.vault import Vault
from courses.units import Money
from media import captions

log = structlog.get_logger()
Tell = Callable[[str], None]
BEGAN = timedelta(days=90)
SECOND_RULE = timedelta(days=35)
making = threading.Lock()


def prepare(app: Flask, *, tell: Tell) -> None:
    """Make the people, the rules and the first course, unless they are there."""
    database: Database = app.extensions["xueshi_db"]
    with app.app_context():
        with database.reading() as session:
            is_new = session.scalar(select(Jurisdiction.id).limit(1)) is None
        if is_new:
            tell("· making the demonstration city: people, rules")
            paper.keep()
            with database.writing() as session:
                begin(session, app.extensions["xueshi_vault"])
        if PLANS[0].key in unmade(app):
            tell("· making the first course: drawing, speaking and encoding two short lectures")
            make(app, PLANS[0])


def finish(app: Flask, *, tell: Tell) -> None:
    """Make whatever is missing, now."""
    with app.app_context():
        for key in unmade(app):
            tell(f"· making the course {key}")
            make(app, by_key(key))
        weigh(app)


def install(app: Flask) -> None:
    """Let the worker make what is missing."""
    jobs.register(app, "demo", work, lambda session, _now: missing(session))
    app.extensions["xueshi_demo_progress"] = lambda: (len(PLANS) - len(unmade(app)), len(PLANS))


def work(app: Flask, _key: str) -> None:
    """The job: every course that is missing, one after the other, in one of the worker's threads."""
    if not making.acquire(blocking=False):
        return
    try:
        for key in unmade(app):
            make(app, by_key(key))
        weigh(app)
    finally:
        making.release()


def by_key(key: str) -> Plan:
    """The plan of a key."""
    return next(one for one in PLANS if one.key == key)


def unmade(app: Flask) -> list[str]:
    """Keys of the courses that are not on offer yet, in order."""
    database: Database = app.extensions["xueshi_db"]
    with database.reading() as session:
        return missing(session)


def missing(session: Session) -> list[str]:
    """Keys of the courses that are not on offer yet; none where the city is not a demonstration."""
    if session.scalar(select(Jurisdiction.id).limit(1)) is None:
        return []
    made = set(session.scalars(select(Course.title).where(Course.current_edition.is_not(None))))
    return [one.key for one in PLANS if one.title not in made]


def begin(session: Session, vault: Vault) -> None:
    """People, rules and posts, ninety days ago."""
    now = clock.now()
    people.make(session, vault, now=now - BEGAN)
    officer, second = actor(session, vault, past.OFFICER), actor(session, vault, past.SECOND)
    rules.enter(
        session,
        officer=officer.subject_key,
        second=second.subject_key,
        first_at=now - BEGAN + timedelta(hours=1),
        second_at=now - SECOND_RULE,
    )
    rules.propose(session, second, now=now)
    posts.enter(
        session,
        actor(session, vault, "13800000015"),
        actor(session, vault, "13800000014"),
        {name: actor(session, vault, name) for name, *_rest in posts.POSTS},
        today=day_of(now),
        now=now - BEGAN + timedelta(hours=2),
    )


def weigh(app: Flask) -> None:
    """Once all courses are there: the draft is simulated, and handed to the other officer."""
    database: Database = app.extensions["xueshi_db"]
    with database.writing() as session:
        asked = rules.ask(session, now=clock.now())
    if asked is None:
        return
    jobs.work(app, "policies", asked.id)
    with database.writing() as session:
        rules.hand_in(session, actor(session, app.extensions["xueshi_vault"], past.SECOND), now=clock.now())


def actor(session: Session, vault: Vault, name: str) -> Actor:
    """The person behind a demonstration account."""
    account = session.scalars(
        select(Account).where(Account.name_index == accounts.name_index(vault, name))
    ).one()
    return accounts.actor_of(session, account, today=day_of(clock.now()))


def make(app: Flask, chosen: Plan) -> None:
    """One course from drawing its slides to its first learners."""
    database: Database = app.extensions["xueshi_db"]
    vault: Vault = app.extensions["xueshi_vault"]
    with database.writing() as session:
        course_id, organisation_id = draft(session, vault, chosen)
    for place, (_title, lecture) in enumerate(chosen.lessons):
        fill(app, course_id, organisation_id, place, lecture)
    published_at = clock.now() - timedelta(days=chosen.published_days_ago)
    with database.writing() as session:
        course = session.get_one(Course, course_id, with_for_update=True)
        if course.state == CourseState.DRAFT:
            past.publish(session, actor(session, vault, "13800000017"), course, at=published_at)
            past.happen(session, vault, chosen, course, at=published_at)
            jobs.dispatch(session, "catalogue", course_id)
            if chosen.key == PLANS[0].key:
                signer = keys.signer(app.extensions["xueshi_settings"])
                past.certify(session, actor(session, vault, "13800000001"), signer, now=clock.now())
    log.info("demo.course_made", course=course_id)


def draft(session: Session, vault: Vault, chosen: Plan) -> tuple[str, str]:
    """The course's draft with its lessons and no videos yet; found again when it is there."""
    body = next(one for one in people.BODIES if one.key == chosen.institution)
    institution = session.scalars(select(Organisation).where(Organisation.name == body.name)).one()
    known = session.scalar(
        select(Course).where(Course.organisation_id == institution.id, Course.title == chosen.title)
    )
    if known is not None:
        return known.id, institution.id
    at: datetime = clock.now() - timedelta(days=chosen.published_days_ago + 3)
    course = drafts.create(session, organisation_id=institution.id, title=chosen.title, now=at)
    drafts.change(
        session,
        course,
        now=at,
        summary=chosen.summary,
        trainees=list(chosen.trainees),
        occasions=list(chosen.occasions),
        industries=list(chosen.industries),
        topics=list(chosen.topics),
        price=Money(chosen.price_minor, "CNY"),
    )
    teachers = [actor(session, vault, name).person_id for name in chosen.instructors]
    drafts.set_instructors(session, course, person_ids=teachers, on=day_of(at), now=at)
    for place, (title, _lecture) in enumerate(chosen.lessons):
        lesson = lessons.add(session, course, title=title, now=at)
        if chosen.has_preview and place == 0:
            lessons.set_preview(session, course, lesson_id=lesson.id, is_preview=True, now=at)
    return course.id, institution.id


def fill(app: Flask, course_id: str, organisation_id: str, place: int, lecture: str) -> None:
    """Give the lesson at `place` its video, unless it has one."""
    database: Database = app.extensions["xueshi_db"]
    with database.reading() as session:
        course = session.get_one(Course, course_id)
        lesson = lessons.in_order(session, course)[place]
    if lesson.asset_id is None:
        with tempfile.TemporaryDirectory(prefix="lecture-", dir=app.extensions["xueshi_settings"].data_dir) as folder:
            film, words = filmed(lecture, Path(folder))
            asset_id = sending.send(app, film, owner=organisation_id)
            text = words.read_bytes() if words else None
        sending.make_ready(app, asset_id)
        if text is not None:
            caption(app, asset_id, organisation_id, text)
        with database.writing() as session:
            course = session.get_one(Course, course_id)
            lessons.attach(session, course, lesson_id=lesson.id, asset_id=asset_id, now=course.changed_at)
    else:
        sending.make_ready(app, lesson.asset_id)


def filmed(lecture: str, folder: Path) -> tuple[Path, Path | None]:
    """The film of a lecture and its captions; the real clip where a package has one."""
    if lecture == plan.CLIP:
        clip = lectures.real_clip()
        if clip is not None:
            return clip, None
        lecture = "hazards"
    made = lectures.make(lecture, folder)
    return made.path, made.captions_path


def caption(app: Flask, asset_id: str, organisation_id: str, text: bytes) -> None:
    """Store a lecture's captions beside its video."""
    plain = captions.write(captions.read(text)).encode()
    key = captions.key_of(asset_id, "zh-CN", sha256(plain).hexdigest()[:8])
    app.extensions["xueshi_store"].put(key, plain)
    database: Database = app.extensions["xueshi_db"]
    with database.writing() as session:
        captions.keep(session, asset_id, owners=[organisation_id], language="zh-CN", key=key)


def welcome(settings: Settings) -> str:
    """What the terminal says when the city is served."""
    lines = ["", f"  Xueshi 学时  {settings.effective_public_url}", "", f"  Sign in with any of these; the password is {PASSWORD}", ""]
    lines += [f"    {one.name}  {one.role!s}: {one.who}" for one in ACCOUNTS]
    lines += ["", "  The worker is making the other courses; they appear as they are ready. Ctrl-C stops everything.", ""]
    return "\n".join(lines)
