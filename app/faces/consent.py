"""The separate consent to comparing photos of one's face, word by word, in every version ever shown.

Like `app.people.consent`: a version's text never changes (a test holds its digest). It is apart from
the registration's consent, for the law asks for it apart (PIPL art. 29).
"""

from dataclasses import dataclass
from hashlib import sha256

from flask_babel import get_locale

VERSION = "2026-11-face"


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of the text under its heading."""

    heading: str
    text: str


ZH_2026_11 = (
    Clause(
        "您可以不同意",
        "这是一项单独的同意，与实名登记分开。不同意的，在线学习核验时点一下屏幕或者回答一道本课题目即可，学时照样计算，"
        "不会因此受到任何不利影响。同意以后，每次核验也都可以改用不拍照的方式。",
    ),
    Clause(
        "我们收集什么",
        "您现在提供的一张本人照片，以及以后核验在线学习时您本人拍摄的照片。只在您按下拍照按钮时拍摄，不录像，不录音。",
    ),
    Clause(
        "为什么需要",
        "管理办法要求确认学习的是本人。核验时把刚拍的照片与您提供的照片比较，用来代替答题。照片不用于任何其他目的。"
        "比较在本平台自己的服务器上完成，不发送给任何第三方。",
    ),
    Clause(
        "如何保管，保存多久",
        "照片加密存储。比对一致的照片不保存；比对不一致的照片保存到规则公布的天数（公布的规则版本写明，默认30天）后自动删除。"
        "长期保存的只有比对的分值、时间和结果，以及一个只能用来发现同一张照片被重复提交的密文指纹。",
    ),
    Clause(
        "谁能看到",
        "您本人可以看到自己的照片。比对不一致的照片，应急管理部门在说明理由打开您的学时记录后可以查看，每次查看都留有记录，您可以看到。"
        "您提供的那张照片只有您本人能看到。用人单位、培训机构和教师看不到任何照片。",
    ),
    Clause(
        "比较可能出错",
        "比较由程序完成，可能认错人：光线、角度、年龄变化都有影响。比对不一致只影响当时那一小段时间，您可以马上再答一次，也可以补看。",
    ),
    Clause(
        "随时可以撤回",
        "您可以随时在“我的账号”中撤回同意。撤回后，所有照片立即停用并删除，以后的核验不再要求拍照。撤回以前取得的学时不受影响。",
    ),
)
EN_2026_11 = (
    Clause(
        "You may say no",
        "This is a consent of its own, apart from the registration. If you do not give it, a tap or a question of the lesson "
        "shows that you are there, your hours count just the same, and nothing is held against you. If you do give it, every "
        "single check can still be answered without a photo.",
    ),
    Clause(
        "What we collect",
        "One photo of yourself that you give now, and photos that you yourself take when an online lesson asks whether you are "
        "there. A photo is taken only when you press the button; no film and no sound is recorded.",
    ),
    Clause(
        "Why it is needed",
        "The rules ask that it is you who learns. In a check the photo just taken is compared with the one you gave, instead of "
        "a question. Photos are used for nothing else. They are compared on this site's own servers and sent to nobody.",
    ),
    Clause(
        "How it is kept, and how long",
        "Photos are stored encrypted. A photo that matches is not kept. One that does not is kept for the days that the "
        "published rule says (30 unless it says otherwise), then deleted by itself. What stays is the score, the time and the "
        "result, and a keyed fingerprint that can only tell that the same photo was sent twice.",
    ),
    Clause(
        "Who sees it",
        "You see your own photos. A photo that did not match can be looked at by the emergency management bureaus that have "
        "opened your record with a reason; every look is recorded, and you can see it. The photo that you gave is seen by you "
        "alone. Your employer, training institutions and instructors see no photo at all.",
    ),
    Clause(
        "The comparison can be wrong",
        "A program compares, and it can mistake people: light, angle and age matter. A photo that does not match touches only "
        "that short time; you can answer again at once, and watch again what was lost.",
    ),
    Clause(
        "You can withdraw it at any time",
        "On the page of your account you can take this consent back at any time. All photos are then out of use and deleted at once, and "
        "no check asks for a photo any more. Hours that you earned before stay as they are.",
    ),
)
TEXTS = {VERSION: {"zh": ZH_2026_11, "en": EN_2026_11}}


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
