"""What everybody sees: the list with its filters, a course, a preview, an institution, an instructor."""

from dataclasses import dataclass

from flask import current_app, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, clock, db, medialinks, paging
from app.access import Permission
from app.catalogue import asking, needs, recommending, worth
from app.catalogue.blueprint import bp
from app.catalogue.finding import finder
from courses import calls, enrolment, errors, ratings, seats
from courses.calls import PublicLicence
from courses.catalogue import editions, instructors, keeping
from courses.catalogue.keeping import ListName
from courses.catalogue.models import Course, CourseState, Edition, EditionLesson
from courses.catalogue.search import Ask, Sort
from courses.enrolment import Enrolment
from courses.people import persons
from courses.people.jurisdictions import day_of
from courses.people.organisations import Actor, Organisation, OrganisationKind
from courses.ratings import Prior, Published, Rating, Target, TargetKind
from courses.watch.models import Playback
from media.assets import Rendition

COMMENTS_SHOWN = 5
RECOMMENDED = 4  # one row
ALIKE = 2
POPULAR = 6  # courses shown where nothing was found


@dataclass(frozen=True, slots=True)
class Weight:
    """What a lesson weighs at one quality, its sound included; whole bytes."""

    quality: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Rated:
    """One who is rated in a course, with the published score and comments."""

    name: str
    endpoint: str
    target: Target
    published: Published
    comments: list[Rating]


@bp.get("/")
@access.needs(Permission.CATALOGUE_READ)
def index() -> str:
    """Find a course: words, filters with counts, order, pages."""
    number, offset = paging.asked(asking.PAGE_SIZE)
    with db.reading() as session:
        rule = worth.rule_for(session, access.actor(), now=clock.now())
        ask = asking.read(rule)
        found = finder().find(session, ask)
        is_first = not (ask.text or ask.chosen or number > 1)
        recommended = (
            recommending.of(session, access.actor(), rule, now=clock.now(), limit=RECOMMENDED)
            if is_first
            else []
        )
        popular = () if found.total else finder().find(session, Ask(sort=Sort.MOST_FINISHED)).page(0, POPULAR)
    page = paging.Page(
        list(found.page(offset, asking.PAGE_SIZE)), number, asking.PAGE_SIZE, found.total
    )
    return render_template(
        "catalogue/public/index.html",
        ask=ask,
        found=found,
        page=page,
        rule=rule,
        facets=asking.facets(ask, found),
        chosen=asking.chosen_items(ask, found),
        ways_out=asking.ways_out(ask, found),
        popular=popular,
        recommended=recommended,
        sorts=asking.sorts(found),
        kept=asking.kept_by_search(),
    )


@bp.get("/courses/<course_id>")
@access.needs(Permission.CATALOGUE_READ)
def course(course_id: str) -> str:
    """One course: what it is, how long, by whom, what it is worth, what others say, what to do."""
    actor = access.actor()
    now = clock.now()
    with db.reading() as session:
        edition = on_offer(session, course_id)
        taken = (
            enrolment.open_of(session, actor.subject_key, course_id=course_id, now=now)
            if actor
            else None
        )
        lessons = editions.lessons(session, edition.id)
        weights = sizes(session, lessons)
        return render_template(
            "catalogue/public/course.html",
            course_id=course_id,
            edition=edition,
            facts=edition.facts,
            lessons=lessons,
            sizes=weights,
            lightest_bytes=sum(rungs[0].size_bytes for rungs in weights.values()),
            heaviest_bytes=sum(rungs[-1].size_bytes for rungs in weights.values()),
            preview=next((lesson for lesson in lessons if lesson.is_preview), None),
            needs=needs.of(session, actor, now=now),
            kept=kept_on(session, actor, course_id),
            alike=alike(session, course_id),
            price=editions.price(edition),
            institution=session.get_one(Organisation, edition.facts["institution"]),
            rule=worth.rule_for(session, actor, now=now),
            durations_ms=[lesson.duration_ms for lesson in lessons],
            rated=rated(session, edition),
            together=ratings.of_course(session, course_id, prior=prior()),
            minimum=prior().minimum,
            taken=taken,
            taken_edition=editions.get(session, taken.edition_id) if taken else None,
            go_on=go_on(session, taken),
            licence=licence(session, actor, course_id),
            has_seat=actor is not None and seats.held(session, actor.subject_key, course_id=course_id) is not None,
        )


def licence(session: Session, actor: Actor | None, course_id: str) -> PublicLicence | None:
    """By which a bureau made the course free for the asking worker."""
    today = day_of(clock.now())
    area = persons.jurisdiction_of(session, actor.person_id, on=today) if actor else None
    return calls.licence_for(session, course_id, jurisdiction_id=area, on=today)


@bp.get("/courses/<course_id>/preview/<lesson_id>")
@access.needs(Permission.CATALOGUE_READ)
def course_preview(course_id: str, lesson_id: str) -> str:
    """Play a lesson that the institution opened to everybody; nothing is counted here."""
    with db.reading() as session:
        edition = on_offer(session, course_id)
        found = [row for row in editions.lessons(session, edition.id) if row.is_preview]
        lesson = next((row for row in found if row.lesson_id == lesson_id), None)
        if lesson is None:
            raise errors.NotFound()
        return render_template(
            "catalogue/public/preview.html",
            course_id=course_id,
            edition=edition,
            facts=edition.facts,
            lesson=lesson,
            others=[row for row in found if row is not lesson],
            manifest_url=medialinks.preview_url(lesson.asset_id),
            tracks=medialinks.caption_tracks(session, lesson.asset_id, for_all=True),
        )


@bp.get("/institutions/<organisation_id>")
@access.needs(Permission.CATALOGUE_READ)
def institution(organisation_id: str) -> str:
    """An institution: who it is, its training quality, its courses and who teaches there."""
    target = Target(TargetKind.INSTITUTION, organisation_id)
    with db.reading() as session:
        found = session.get(Organisation, organisation_id)
        if found is None or found.kind != OrganisationKind.INSTITUTION:
            raise errors.NotFound()
        return render_template(
            "catalogue/public/institution.html",
            institution=found,
            published=ratings.published(session, target=target, prior=prior()),
            comments=ratings.comments(session, target=target, prior=prior()),
            minimum=prior().minimum,
            teachers=instructors.of_institution(
                session, organisation_id=organisation_id, on=worth.today(clock.now())
            ),
            cards=finder().find(session, Ask(chosen={"institution": frozenset({organisation_id})})).cards,
            rule=worth.rule_for(session, access.actor(), now=clock.now()),
        )


@bp.get("/instructors/<person_id>")
@access.needs(Permission.CATALOGUE_READ)
def instructor(person_id: str) -> str:
    """An instructor: who it is, the teaching quality, and the courses taught."""
    target = Target(TargetKind.INSTRUCTOR, person_id)
    with db.reading() as session:
        teaching, places = instructors.public(session, person_id=person_id)
        return render_template(
            "catalogue/public/instructor.html",
            teaching=teaching,
            places=places,
            published=ratings.published(session, target=target, prior=prior()),
            comments=ratings.comments(session, target=target, prior=prior()),
            minimum=prior().minimum,
            cards=finder().find(session, Ask(chosen={"instructor": frozenset({person_id})})).cards,
            rule=worth.rule_for(session, access.actor(), now=clock.now()),
        )


def kept_on(session: Session, actor: Actor | None, course_id: str) -> set[ListName]:
    """The reader's lists that hold a course."""
    if actor is None:
        return set()
    lists = keeping.of_subject(session, actor.subject_key)
    return {on for on, ids in lists.items() if course_id in ids}


def alike(session: Session, course_id: str) -> list[str]:
    """Ids to compare a course with: the best rated on all of its topics, itself first."""
    card = finder().card(session, course_id)
    if card is None:
        return []
    ask = Ask(chosen={"topic": frozenset(card.stated["topic"])}, sort=Sort.BEST_RATED)
    others = [one.course_id for one in finder().find(session, ask).page(0, ALIKE + 1)]
    return [course_id, *(one for one in others if one != course_id)][: ALIKE + 1]


def on_offer(session: Session, course_id: str) -> Edition:
    """The edition on offer; Gone for a withdrawn course, NotFound for what never was published."""
    edition = editions.current(session, course_id)
    if edition is not None:
        return edition
    found = session.get(Course, course_id)
    if found is not None and found.state == CourseState.WITHDRAWN and found.current_edition:
        raise errors.Gone("course_withdrawn", "This course is no longer offered.")
    raise errors.NotFound()


def go_on(session: Session, taken: Enrolment | None) -> EditionLesson | None:
    """The lesson that was opened last, otherwise the first, of what somebody is enrolled in."""
    if taken is None:
        return None
    lessons = editions.lessons(session, taken.edition_id)
    last = session.scalar(
        select(Playback.lesson_id)
        .where(Playback.enrolment_id == taken.id)
        .order_by(Playback.opened_at.desc(), Playback.id)
        .limit(1)
    )
    return next((lesson for lesson in lessons if lesson.lesson_id == last), lessons[0])


def prior() -> Prior:
    """How this site weighs scores."""
    settings = current_app.extensions["xueshi_settings"]
    return Prior(
        mean=settings.rating_prior_mean,
        weight=settings.rating_prior_weight,
        minimum=settings.rating_minimum,
    )


def rated(session: Session, edition: Edition) -> list[Rated]:
    """Who is rated in a course: its instructors in order, then its institution."""
    institution_id = edition.facts["institution"]
    named = [
        (row["name"], "catalogue.instructor", Target(TargetKind.INSTRUCTOR, row["id"]))
        for row in edition.facts["instructors"]
    ]
    owner = session.get_one(Organisation, institution_id)
    named.append((owner.name, "catalogue.institution", Target(TargetKind.INSTITUTION, owner.id)))
    return [
        Rated(
            name,
            endpoint,
            target,
            ratings.published(session, target=target, prior=prior()),
            ratings.comments(session, target=target, prior=prior(), limit=COMMENTS_SHOWN),
        )
        for name, endpoint, target in named
    ]


def sizes(session: Session, lessons: list[EditionLesson]) -> dict[str, list[Weight]]:
    """What the lessons' videos weigh at each quality, by asset, the lightest first."""
    weights: dict[str, list[Weight]] = {}
    for asset_id, name, size_bytes in session.execute(
        select(Rendition.asset_id, Rendition.name, Rendition.size_bytes)
        .where(Rendition.asset_id.in_([lesson.asset_id for lesson in lessons]), Rendition.width > 0)
        .order_by(Rendition.size_bytes, Rendition.id)
    ):
        weights.setdefault(asset_id, []).append(Weight(name.removesuffix("-lean"), size_bytes))
    return weights
