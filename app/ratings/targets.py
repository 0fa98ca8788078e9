"""Whom an edition lets its learners rate, under which names, and who may answer for them."""

from dataclasses import dataclass

from flask import current_app
from sqlalchemy.orm import Session

from app import jobs
from courses import ratings
from courses.catalogue import summaries
from courses.catalogue.models import Course, Edition
from courses.people.organisations import Organisation
from courses.ratings import Prior, Target, TargetKind


@dataclass(frozen=True, slots=True)
class Named:
    """A target with the name that its page shows."""

    target: Target
    name: str


def prior() -> Prior:
    """How this site weighs scores."""
    settings = current_app.extensions["xueshi_settings"]
    return Prior(
        mean=settings.rating_prior_mean,
        weight=settings.rating_prior_weight,
        minimum=settings.rating_minimum,
    )


def of_edition(session: Session, edition: Edition) -> list[Named]:
    """The instructors of an edition in their order, then its institution."""
    named = [
        Named(Target(TargetKind.INSTRUCTOR, instructor["id"]), instructor["name"])
        for instructor in edition.facts["instructors"]
    ]
    course = session.get_one(Course, edition.course_id)
    institution = session.get_one(Organisation, course.organisation_id)
    return [*named, Named(Target(TargetKind.INSTITUTION, institution.id), institution.name)]


def summarise(session: Session, course_id: str) -> None:
    """Write what the catalogue orders by, and have the course indexed again."""
    score, count = ratings.ranking(session, course_id, prior=prior())
    summaries.write_rating(session, course_id, score=score, count=count)
    jobs.dispatch(session, "catalogue", course_id)
