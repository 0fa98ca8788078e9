"""Two example versions of the city's rule for online hours. Their figures are examples, not the bureau's.

The notice orders that a ratio and criteria be set, and sets none: each city enters its own.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from courses import policies
from courses.policies import Draft, PolicyVersion

RULE_ID = "CZ-online"
DAILY_CAP_MS = 8 * 2_700_000  # eight hours of training a day
TEXT_1 = (
    "示例文件，仅供演示，不是任何机关的规定。线上学习课时按二分之一折算为培训学时；每学时 45 分钟；"
    "课程观看率达到 95% 方可认定；每人每日线上学习最多计 8 学时；线上学时最多占规定学时的一半。"
)
TEXT_2 = (
    "示例文件，仅供演示，不是任何机关的规定。自生效之日起，线上学习课时按五分之四折算为培训学时，其余标准不变；"
    "生效前已报名的课程仍按报名时的比例折算。"
)


def enter(session: Session, *, officer: str, first_at: datetime, second_at: datetime) -> list[PolicyVersion]:
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
        now=second_at,
    )
    return [first, second]
