"""Who can sign in to the demonstration city. The sign-in page lists them where `XUESHI_DEMO` is on.

Names and numbers are invented (`domain.md` 5.1); the mobile numbers are of no allotted range's use.
"""

from dataclasses import dataclass

from flask_babel import lazy_gettext as lazy
from flask_babel.speaklater import LazyString

PASSWORD = "xueshi-demo-2026"  # noqa: S105  (shown on the page: it opens nothing but the demonstration)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account to try: what it is, whose it is, and how to sign in."""

    role: LazyString
    who: str
    name: str
    password: str = PASSWORD


ACCOUNTS = (
    DemoAccount(lazy("Worker in Wujin, with hours already earned"), "陆思远", "13800000001"),
    DemoAccount(lazy("Worker in Xinbei, just beginning"), "史国梁", "13800000007"),
    DemoAccount(lazy("Training institution"), "常州示例安全培训中心", "13800000011"),
    DemoAccount(lazy("Another training institution"), "常州示例培训学校", "13800000012"),
    DemoAccount(lazy("Instructor"), "秦海燕", "13800000009"),
    DemoAccount(lazy("Enterprise safety manager"), "常州示例化工有限公司", "13800000014"),
    DemoAccount(lazy("District regulator of Wujin"), "武进区应急管理局（演示）", "13800000015"),
    DemoAccount(lazy("District regulator of Xinbei"), "新北区应急管理局（演示）", "13800000016"),
    DemoAccount(lazy("City regulator"), "常州市应急管理局（演示）", "13800000017"),
    DemoAccount(lazy("City regulator, a second officer"), "常州市应急管理局（演示）", "13800000019"),
    DemoAccount(lazy("Operator of the platform"), "平台运营（演示）", "13800000018"),
)
