"""The people and bodies of the demonstration city, with the roles they hold.

Eight workers are the synthetic identities of `domain.md` 5.1; everybody else has an account and a role,
and no registered identity.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.demo.accounts import PASSWORD
from courses.catalogue import instructors
from courses.people import accounts, documents, jurisdictions, organisations, persons, rosters
from courses.people.organisations import Organisation, OrganisationKind, Role
from courses.people.passwords import hash_of
from courses.people.roster_files import Listed
from courses.people.vault import Vault

CONSENT_VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Worker:
    """A learner: synthetic identity, and the employer or district they belong to."""

    account: str
    name: str
    number: str
    doc_type: str = "resident_id"
    employer: str = ""
    district: str = ""


WORKERS = (
    Worker("13800000001", "陆思远", "320400198503120112", employer="chemical"),
    Worker("13800000002", "顾晓岚", "320400199011050204", employer="chemical"),
    Worker("13800000003", "戴志琴", "320405197808210001", employer="chemical"),
    Worker("13800000004", "蒋文博", "320400199202290139", employer="chemical"),
    Worker("13800000005", "包雅琴", "320400198806300241", employer="chemical"),
    Worker("13800000006", "恽立新", "320400197512010156", district="CZ-XB"),
    Worker("13800000007", "史国梁", "32040019690917017X", district="CZ-XB"),
    Worker("13800000008", "陈美仪", "810000198304150006", "residence_permit", district="CZ-XB"),
)


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation of the demonstration."""

    key: str
    kind: OrganisationKind
    name: str
    name_en: str
    supervised_by: str
    uscc: str = ""
    summary: str = ""


BODIES = (
    Body("city", OrganisationKind.AUTHORITY, "常州市应急管理局（演示）", "Changzhou bureau (demonstration)", "CZ"),
    Body("wujin", OrganisationKind.AUTHORITY, "武进区应急管理局（演示）", "Wujin bureau (demonstration)", "CZ-WJ"),
    Body("xinbei", OrganisationKind.AUTHORITY, "新北区应急管理局（演示）", "Xinbei bureau (demonstration)", "CZ-XB"),
    Body(
        "centre",
        OrganisationKind.INSTITUTION,
        "常州示例安全培训中心",
        "Changzhou Example Safety Training Centre",
        "CZ-WJ",
        "52320400MA0T00046J",
        "面向危险化学品、机械制造企业的安全培训机构，专职教师均有企业一线经历。（演示数据）",
    ),
    Body(
        "school",
        OrganisationKind.INSTITUTION,
        "常州示例培训学校",
        "Changzhou Example Training School",
        "CZ-XB",
        "52320400MA0T00054D",
        "以特种作业和班组长培训见长的培训学校，课程短小，适合手机学习。（演示数据）",
    ),
    Body(
        "chemical",
        OrganisationKind.ENTERPRISE,
        "常州示例化工有限公司",
        "Changzhou Example Chemicals Ltd",
        "CZ-WJ",
        "91320400MA0T00011Y",
    ),
    Body("platform", OrganisationKind.OPERATOR, "学时平台运营（演示）", "Xueshi operations (demonstration)", "CZ"),
)

# account, body, role, title
STAFF = (
    ("13800000011", "centre", Role.INSTITUTION_STAFF, "教务主任"),
    ("13800000012", "school", Role.INSTITUTION_STAFF, "教务主任"),
    ("13800000009", "centre", Role.INSTRUCTOR, "专职教师"),
    ("13800000010", "centre", Role.INSTRUCTOR, "专职教师"),
    ("13800000013", "school", Role.INSTRUCTOR, "专职教师"),
    ("13800000014", "chemical", Role.ENTERPRISE_MANAGER, "安全总监"),
    ("13800000015", "wujin", Role.DISTRICT_REGULATOR, "培训监管科"),
    ("13800000016", "xinbei", Role.DISTRICT_REGULATOR, "培训监管科"),
    ("13800000017", "city", Role.CITY_REGULATOR, "人事教育处"),
    ("13800000019", "city", Role.CITY_REGULATOR, "政策法规处"),
    ("13800000018", "platform", Role.OPERATOR, "运维"),
)

# The chemical works' roster: department, post, and whom it lists; the last two have no account.
ROSTER = (
    ("生产一车间", "操作工", "陆思远", "320400198503120112"),
    ("生产一车间", "班组长", "顾晓岚", "320400199011050204"),
    ("生产二车间", "操作工", "戴志琴", "320405197808210001"),
    ("生产二车间", "操作工", "蒋文博", "320400199202290139"),
    ("仓储部", "危化品保管员", "包雅琴", "320400198806300241"),
    ("维修部", "电工", "恽立新", "320400197512010156"),
    ("维修部", "焊工", "演示员工甲", "32040019950101001"),
    ("仓储部", "叉车司机", "演示员工乙", "32040019960202002"),
)

INSTRUCTORS = {  # account -> name, title, introduction
    "13800000009": ("秦海燕", "高级讲师", "化工企业安全管理十二年，主讲危险化学品储存与应急处置。（演示人物）"),
    "13800000010": ("GARCIA Maria", "讲师", "机械设备安全与人机工效方向，擅长用短视频讲清一个动作。（演示人物）"),
    "13800000013": ("沈立群", "注册安全工程师", "特种作业与班组长培训讲师，主讲用电、高处作业与现场管理。（演示人物）"),
}


def make(session: Session, vault: Vault, *, now: datetime) -> None:
    """Everybody, with one password; `now` is when they all signed up."""
    jurisdictions.seed(session)
    bodies = {body.key: body_row(session, body) for body in BODIES}
    hashed = hash_of(PASSWORD)  # once: hashing is meant to be slow
    since = now.date()
    for worker in WORKERS:
        person_id = account(session, vault, worker.account, hashed, now)
        persons.register(
            session,
            vault,
            person_id=person_id,
            name=worker.name,
            doc_type=worker.doc_type,
            country="CHN",
            number=worker.number,
            consent_version=CONSENT_VERSION,
            district_id=worker.district or None,
            employer_id=bodies[worker.employer].id if worker.employer else None,
            now=now,
        )
    for name, body, role, title in STAFF:
        person_id = account(session, vault, name, hashed, now)
        organisations.join(
            session, person_id=person_id, organisation_id=bodies[body].id, role=role, from_on=since, title=title
        )
        if body == "chemical":
            list_staff(session, vault, bodies[body], now=now)
        if name in INSTRUCTORS:
            shown, post, introduction = INSTRUCTORS[name]
            instructors.introduce(
                session, person_id=person_id, name=shown, title=post, introduction=introduction, now=now
            )


def list_staff(session: Session, vault: Vault, enterprise: Organisation, *, now: datetime) -> None:
    """The roster as the safety manager uploaded it."""
    rows = [
        Listed(
            line=line,
            name=name,
            doc_type="resident_id",
            country="CHN",
            document=number if len(number) == 18 else number + documents.check_digit(number),
            title=title,
            department=department,
        )
        for line, (department, title, name, number) in enumerate(ROSTER, start=2)
    ]
    rosters.keep(session, vault, rows, organisation_id=enterprise.id, now=now)


def body_row(session: Session, body: Body) -> Organisation:
    """One organisation as a row."""
    return organisations.create(
        session,
        kind=body.kind,
        name=body.name,
        name_en=body.name_en,
        supervised_by=body.supervised_by,
        uscc_code=body.uscc,
        summary=body.summary,
    )


def account(session: Session, vault: Vault, name: str, hashed: str, now: datetime) -> str:
    """An account; returns the person's id."""
    return accounts.create(session, vault, name=name, password_hash=hashed, now=now).person_id

