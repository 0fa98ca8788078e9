"""Two example versions of the city's rule for online hours, and a draft. Their figures are examples, not the bureau's.

The notice orders that a ratio and criteria be set, and sets none: each city enters its own.
"""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from courses import policies
from courses.ledger import simulated
from courses.people.organisations import Actor
from courses.policies import Draft, PolicyVersion, drafting, drafts, simulations
from courses.policies.drafts import PolicyDraft
from courses.policies.simulations import PolicySimulation

RULE_ID = "CZ-online"
PAST = timedelta(days=34)  # since the second version took effect
DAILY_CAP_MS = 8 * 2_700_000  # eight hours of training a day
TEXT_1 = (
    "示例文件，仅供演示，不是任何机关的规定。线上学习课时按二分之一折算为培训学时；每学时 45 分钟；"
    "课程观看率达到 95% 方可认定；每人每日线上学习最多计 8 学时；线上学时最多占规定学时的一半。"
)
TEXT_3 = (
    "示例文件，仅供演示，不是任何机关的规定。线上学习课时按三分之二折算为培训学时；每人每日线上学习最多计 6 学时；"
    "约每 20 分钟进行一次在场验证，错过验证后至下次通过前的时间不计。"
)
TEXT_2 = (
    "示例文件，仅供演示，不是任何机关的规定。自生效之日起，线上学习课时按五分之四折算为培训学时，其余标准不变；"
    "生效前已报名的课程仍按报名时的比例折算。"
)


def enter(
    session: Session, *, officer: str, second: str, first_at: datetime, second_at: datetime
) -> list[PolicyVersion]:
    """Both versions, each entered at its instant: the first since the year began, the second from a later day."""
    criteria = {
        "daily_cap_ms": DAILY_CAP_MS,
        "share_cap": {"share": "1/2", "base": "required", "measured_on": "credited"},
    }
    first = policies.enter(
        session,
        Draft(
            jurisdiction_id="CZ",
            effective_on=date(first_at.year, 1, 1),
            title="线上学习课时折算办法（示例）",
            number="示例〔1〕号",
            text=TEXT_1,
            rules={**criteria, "ratio": "1/2"},
            policy_id=RULE_ID,
            version="1",
            is_example=True,
        ),
        entered_by=officer,
        approved_by=second,
        now=first_at,
    )
    second = policies.enter(
        session,
        Draft(
            jurisdiction_id="CZ",
            effective_on=second_at.date(),
            title="关于调整线上学习课时折算比例的通知（示例）",
            number="示例〔2〕号",
            text=TEXT_2,
            rules={**criteria, "ratio": "4/5"},
            policy_id=RULE_ID,
            version="2",
            is_example=True,
        ),
        entered_by=officer,
        approved_by=second,
        now=second_at,
    )
    return [first, second]


def propose(session: Session, author: Actor, *, now: datetime) -> PolicyDraft:
    """A draft that would tighten the rule from the next month on."""
    next_month = (now.date().replace(day=1) + timedelta(days=32)).replace(day=1)
    content = Draft(
        jurisdiction_id="CZ",
        effective_on=next_month,
        title="关于进一步规范线上学习课时认定的通知（征求意见稿，示例）",
        number="示例〔3〕号",
        text=TEXT_3,
        rules={
            "ratio": "2/3",
            "daily_cap_ms": 6 * 2_700_000,
            "share_cap": {"share": "1/2", "base": "required", "measured_on": "credited"},
        },
        prompts={"every_ms": 20 * 60_000, "answer_within_ms": 60_000, "way": "tap"},
        is_example=True,
    )
    return drafting.write(session, author, content, now=now)


def ask(session: Session, *, now: datetime) -> PolicySimulation | None:
    """A simulation of the draft on the learners of the past month; None where there is one."""
    row = drafts.listed(session)[-1]
    if simulations.latest(session, row.id) is not None:
        return None
    period = (now - PAST, now)
    return simulations.ask(
        session,
        row,
        from_at=period[0],
        to_at=period[1],
        learners=simulated.count(session, row.jurisdiction_id, period=period),
        asked_by=row.drafted_by,
        now=now,
    )


def hand_in(session: Session, author: Actor, *, now: datetime) -> None:
    """The draft waits for the other officer, its warnings read."""
    row = drafts.listed(session)[-1]
    read = [finding.key for finding in drafting.told(session, row, now=now)]
    drafting.submit(session, author, row.id, revision=row.revision, confirmed=read, now=now)
