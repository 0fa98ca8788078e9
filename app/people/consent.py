"""What a learner agrees to when registering, word by word, in every version that was ever shown.

A consent is recorded with its version, so a version's text never changes (a test holds its digest):
new words are a new version. Both languages stand here and not in a catalogue for that reason.
"""

from dataclasses import dataclass
from hashlib import sha256

from flask_babel import get_locale

VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of the text under its heading."""

    heading: str
    text: str


ZH_2026_11 = (
    Clause(
        "我们收集什么",
        "您的姓名、一种身份证件的类型和号码，以及您的用人单位；没有用人单位的，收集您所在的辖市、区。"
        "我们不收集人脸、住址、婚姻状况和籍贯。",
    ),
    Clause(
        "为什么需要",
        "学时记在您本人名下，才能被用人单位和应急管理部门认可。生产经营单位依法应当如实记录从业人员的安全生产教育和培训情况，"
        "核对姓名和证件号码可以防止冒名学习，也防止同一个人的学时被拆散。",
    ),
    Clause(
        "如何保管",
        "姓名和证件号码加密存储，页面上只显示部分字符。证件号码的完整内容不出现在日志和导出文件里。",
    ),
    Clause(
        "谁能看到什么",
        "用人单位的安全管理员看到您的姓名、部分证件号码和学时完成情况；培训机构看到部分姓名；"
        "用人单位所在地（没有用人单位的，您所在地）的应急管理部门和市应急管理局在说明理由后可以查看您的学时记录，每次查看都留有记录。"
        "您给教师和培训机构的评分，被评价的人看不到是谁打的。",
    ),
    Clause(
        "保存多久",
        "学时记录按照安全生产培训档案的保存期限保存。期限未满时，即使您要求删除，我们也只能停止使用，不能销毁。",
    ),
    Clause(
        "您的权利",
        "您可以随时查看自己的信息，要求更正、复制或者删除，也可以撤回同意。撤回以前的处理仍然有效。"
        "不同意也可以浏览课程，但不能报名学习和取得学时。",
    ),
)
EN_2026_11 = (
    Clause(
        "What we collect",
        "Your name, the type and number of one identity document, and your employer or, without one, your district. "
        "We do not collect your face, home address, marital status or place of origin.",
    ),
    Clause(
        "Why it is needed",
        "Hours count for your employer and the emergency management bureaus only when they stand in your own name. "
        "By law an enterprise must truthfully record the safety training of its staff; comparing name and number keeps "
        "others from learning in your place, and keeps one person's hours together.",
    ),
    Clause(
        "How it is kept",
        "Name and number are stored encrypted, and pages show only some of their characters. "
        "The whole number appears in no log and no export.",
    ),
    Clause(
        "Who sees what",
        "Your employer's safety manager sees your name, part of your number, and your hours; training institutions see part "
        "of your name; the bureau of your employer's district (or, without an employer, of yours) and the city bureau may "
        "look at your record of hours after giving a reason, and every look is recorded. "
        "Those you rate never learn who rated them.",
    ),
    Clause(
        "How long",
        "Records of hours are kept as long as the rules on safety-training archives demand. Before that time is over we can "
        "stop using them at your request, but not destroy them.",
    ),
    Clause(
        "Your rights",
        "At any time you can look at your data, have it corrected, copied or deleted, and withdraw your consent; what was done "
        "before stays lawful. If you do not agree you can still browse the courses, but not enrol and earn hours.",
    ),
)
TEXTS = {"2026-11": {"zh": ZH_2026_11, "en": EN_2026_11}}


def text_of(version: str) -> tuple[Clause, ...]:
    """The clauses of a version in the reader's language."""
    return TEXTS[version]["zh" if str(get_locale()).startswith("zh") else "en"]


def digest(version: str) -> str:
    """SHA-256 of a version in both languages, for the test that no word of it changes."""
    words = (
        f"{language}\n{clause.heading}\n{clause.text}\n"
        for language, clauses in sorted(TEXTS[version].items())
        for clause in clauses
    )
    return sha256("".join(words).encode()).hexdigest()
