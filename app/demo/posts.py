"""What the chemical works does, as its district's bureau says, and the posts its safety manager has entered."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.ledger.required import appointments, industries, opening
from courses.ledger.required.appointments import Post
from courses.ledger.required.opening import Scope
from courses.ledger.required_hours import Trainee
from courses.people.jurisdictions import day_of
from courses.people.organisations import EMPLOYED, Actor, Membership

# account, category, post, days in it, days since the last training before (None: new to the post)
POSTS = (
    ("13800000001", Trainee.OTHER_EMPLOYEE, "操作工", 2000, 200),
    ("13800000002", Trainee.TEAM_LEADER, "班组长", 900, 400),
    ("13800000003", Trainee.SAFETY_MANAGER, "安全员", 150, None),
    ("13800000004", Trainee.SPECIAL_OPERATOR, "低压电工", 1500, 1000),
    ("13800000005", Trainee.OTHER_EMPLOYEE, "仓库管理员", 120, None),
    ("13800000014", Trainee.SAFETY_MANAGER, "安全总监", 1200, 330),
)


def enter(session: Session, officer: Actor, manager: Actor, people: dict[str, Actor], *, today: date, now: datetime) -> None:
    """As of `now`, long ago; days are counted back from today."""
    (works,) = manager.organisations(*EMPLOYED)
    industries.enter(session, officer, works, industry="HAZCHEM", from_on=day_of(now), now=now)
    for account, trainee, name, days, trained in POSTS:
        membership = select(Membership.id).where(
            Membership.person_id == people[account].person_id, Membership.role.in_(EMPLOYED)
        )
        made = appointments.appoint(
            session,
            manager,
            session.scalars(membership).one(),
            Post(
                trainee=trainee,
                post=name,
                from_on=today - timedelta(days=days),
                trained_on=None if trained is None else today - timedelta(days=trained),
            ),
            now=now,
        )
        opening.look(session, made.id, scope=Scope.WIDE, now=now)
