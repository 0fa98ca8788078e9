"""What a signed-in device is, in words, as far as its browser says so. Guesswork, for its owner only."""

import re

from flask_babel import gettext as _

BROWSERS = (
    (re.compile(r"MicroMessenger/"), "WeChat"),
    (re.compile(r"DingTalk/"), "DingTalk"),
    (re.compile(r"Edg[A-Z]*/"), "Edge"),
    (re.compile(r"HuaweiBrowser/"), "Huawei Browser"),
    (re.compile(r"MiuiBrowser/"), "Mi Browser"),
    (re.compile(r"QQBrowser/"), "QQ Browser"),
    (re.compile(r"Firefox/|FxiOS/"), "Firefox"),
    (re.compile(r"Chrome/|CriOS/"), "Chrome"),
    (re.compile(r"Safari/"), "Safari"),
)
SYSTEMS = (
    (re.compile(r"HarmonyOS|OpenHarmony"), "HarmonyOS"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"iPhone|iPod"), "iPhone"),
    (re.compile(r"iPad"), "iPad"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Mac OS X|Macintosh"), "Mac"),
    (re.compile(r"Linux|X11"), "Linux"),
)


def name_of(agent: str) -> str:
    """`Chrome · Android`, or what else the browser calls itself."""
    browser = next((name for pattern, name in BROWSERS if pattern.search(agent)), "")
    system = next((name for pattern, name in SYSTEMS if pattern.search(agent)), "")
    known = " · ".join(filter(None, (browser, system)))
    return known or agent.split("/", maxsplit=1)[0][:40].strip() or str(_("Unknown device"))
