"""The four axes by which courses are found, and the six points of a review, as coded data.

Source: domain.md 4. A code may have a parent, written before a colon (`TECH:confined_space`,
`special_operator:1.2`); whoever asks for the parent finds the children too. Labels are data in two
languages; this is no place for a jurisdiction's rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from courses import errors
from courses.catalogue import special_operations


@dataclass(frozen=True, slots=True)
class Term:
    """One value of an axis. `is_confirmed` is false where no source names it outright."""

    code: str
    zh: str
    en: str
    is_confirmed: bool = True

    @property
    def parent(self) -> str | None:
        """The code this one belongs under, if any."""
        head, colon, _tail = self.code.partition(":")
        return head if colon else None

    def label(self, locale: str) -> str:
        """The name in `zh...`, otherwise in English."""
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Axis:
    """One independent way to sort courses; `field` is the list it fills in a course's facts."""

    name: str
    field: str
    zh: str
    en: str
    terms: Mapping[str, Term]

    def label(self, locale: str) -> str:
        """The axis' own name."""
        return self.zh if locale.startswith("zh") else self.en

    def top(self) -> list[Term]:
        """Terms without a parent, in their order."""
        return [term for term in self.terms.values() if term.parent is None]

    def under(self, code: str) -> list[Term]:
        """The children of a term, in their order."""
        return [term for term in self.terms.values() if term.parent == code]

    def closure(self, codes: Iterable[str]) -> frozenset[str]:
        """The codes with their parents; unknown ones are left out."""
        known = [self.terms[code] for code in codes if code in self.terms]
        return frozenset(
            {term.code for term in known} | {term.parent for term in known if term.parent}
        )

    def check(self, codes: Iterable[str]) -> list[str]:
        """The codes once each in the axis' order; Invalid where one is not of this axis."""
        asked = set(codes)
        unknown = sorted(asked - set(self.terms))
        if unknown:
            raise errors.Invalid(
                "unknown_code",
                "%(value)s is not one of the choices.",
                field=self.field,
                value=unknown[0],
            )
        return [code for code in self.terms if code in asked]


def _axis(name: str, field: str, labels: tuple[str, str], *terms: Term) -> Axis:
    return Axis(name, field, *labels, {term.code: term for term in terms})


TRAINEE = _axis(
    "trainee",
    "trainees",
    ("培训对象", "Trainees"),
    Term("principal", "主要负责人", "Principals"),
    Term("safety_manager", "安全生产管理人员", "Safety managers"),
    Term("special_operator", "特种作业人员", "Special operators"),
    *(Term(f"special_operator:{item.code}", item.zh, item.en) for item in special_operations.ITEMS),
    Term("team_leader", "班组长", "Team leaders"),
    Term("other_employee", "其他从业人员", "Other employees"),
    Term("all_staff", "全体员工", "All staff"),
)
OCCASION = _axis(
    "occasion",
    "occasions",
    ("培训类型", "Occasion"),
    Term("initial", "初次培训", "Initial training"),
    Term("pre_job", "新上岗", "Before starting work"),
    Term("annual_retrain", "每年再培训", "Yearly retraining"),
    Term("cert_review", "复审", "Certificate review"),
    Term("four_new", "四新（新工艺、新技术、新材料、新设备）", "New processes and equipment"),
    Term("transfer", "转岗", "Change of post"),
    Term("rotation", "轮训", "Rotation training"),
    Term("upgrade", "技能晋级", "Skills upgrade"),
    Term("special_topic", "专题培训", "Special topic"),
)
INDUSTRY = _axis(
    "industry",
    "industries",
    ("行业", "Industry"),
    Term("GENERAL", "各行业通用", "All industries"),
    Term("HAZCHEM", "危化（危险化学品）", "Hazardous chemicals"),
    Term("METAL", "冶金", "Ferrous metallurgy"),
    Term("NONFERROUS", "有色", "Non-ferrous metals"),
    Term("BUILDMAT", "建材", "Building materials"),
    Term("MACH", "机械", "Machinery"),
    Term("LIGHT", "轻工", "Light industry"),
    Term("TEXTILE", "纺织", "Textiles"),
    # The notice names seven of "9 industries"; these two are inferred (domain.md 4).
    Term("TOBACCO", "烟草", "Tobacco", is_confirmed=False),
    Term("COMMERCE", "商贸", "Commerce and trade", is_confirmed=False),
    # High-risk regimes beside the nine; hazardous chemicals stand above.
    Term("COAL_MINE", "煤矿", "Coal mines"),
    Term("MINE", "非煤矿山", "Other mines"),
    Term("FIREWORKS", "烟花爆竹", "Fireworks"),
    Term("SMELTING", "金属冶炼", "Metal smelting"),
)
TOPIC = _axis(
    "topic",
    "topics",
    ("主题", "Topic"),
    Term("LAW", "法律法规", "Laws and regulations"),
    Term("MGMT", "安全管理与双重预防机制", "Safety management and dual prevention"),
    Term("TECH", "安全技术", "Safety engineering"),
    Term("TECH:electric", "电气安全", "Electrical safety"),
    Term("TECH:mechanical", "机械安全", "Machine safety"),
    Term("TECH:fire", "消防与动火", "Fire and hot work"),
    Term("TECH:chemical", "化工过程安全", "Chemical process safety"),
    Term("TECH:dust", "粉尘防爆", "Combustible dust"),
    Term("TECH:confined_space", "有限空间", "Confined spaces"),
    Term("TECH:hot_metal", "高温熔融金属", "Molten metal"),
    Term("TECH:ammonia", "涉氨制冷", "Ammonia refrigeration"),
    Term("TECH:lifting", "起重吊装", "Lifting"),
    Term("TECH:height", "高处作业", "Work at height"),
    Term("OH", "职业健康", "Occupational health"),
    Term("EMERG", "应急救援与预案", "Emergency response and plans"),
    Term("CASE", "事故案例", "Accident cases"),
    Term("PRACT", "实操（仅线下）", "Practical training (offline only)"),
    Term("SKILL", "岗位技能", "Job skills"),
)
AXES: dict[str, Axis] = {axis.name: axis for axis in (INDUSTRY, TRAINEE, TOPIC, OCCASION)}

# What a course is looked at for before it goes live: Jiangxi 2024, art. 17 (domain.md 4, [6]).
REVIEW_POINTS: dict[str, Term] = {
    term.code: term
    for term in (
        Term("content", "内容", "Content"),
        Term("form", "形式", "Form"),
        Term("ideology", "意识形态", "Ideology"),
        Term("video_format", "视频格式", "Video format"),
        Term("video_quality", "视频质量", "Video quality"),
        Term("copyright", "版权", "Copyright"),
    )
}

LANGUAGES: dict[str, Term] = {
    term.code: term for term in (Term("zh_CN", "中文", "Chinese"), Term("en", "英文", "English"))
}


def label(axis: str, code: str, locale: str) -> str:
    """A code's name; the code itself where the taxonomy no longer knows it."""
    term = AXES[axis].terms.get(code)
    return term.label(locale) if term else code
