"""Which way imports run: the house's arrows, as data (`architecture.md` section 1)."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COURSES = [
    {"errors", "units", "credit"},
    {"people"},
    {"catalogue"},
    {"policies"},
    {"calls"},
    {"orders"},
    {"seats"},
    {"enrolment"},
    {"watch"},
    {"quizzes"},
    {"ledger"},
    {"certificates"},
    {"ratings"},
    {"oversight"},
    {"files"},
    {"deletion"},
]
MEDIA = [
    {"base"},
    {"errors"},
    {"tools", "confine"},
    {"assets"},
    {"storage"},
    {"leases", "heads", "quotas", "storyboard", "documents", "pages"},
    {"pieces"},
    {"uploads", "keeping"},
    {"probe", "ladder", "pictures"},
    {"transcode"},
    {"playback", "captions"},
]
PLUMBING = {
    "settings", "keys", "db", "direct", "clock", "access", "errors", "forms", "paging", "templating", "jobs",
    "logs", "languages", "navigation", "medialinks", "papers", "kept",
}  # fmt: skip
# A feature's own second module, and the words shown to demonstration visitors.
ALSO = {"home": {"home", "showcase"}, "people": {"people", "demo"}}
CONDUCTORS = {"__init__", "__main__", "cli", "demo", "messages", "tables"}
SHELL_ONLY = {"flask", "werkzeug", "jinja2", "stripe", "apiflask", "flask_babel", "flask_wtf", "huey"}


def modules(package: str) -> list[Path]:
    """Every module of a top-level package."""
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Dotted names that a module imports, `from x import y` as `x.y`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    """The room of a package's module: the word below the package."""
    parts = path.relative_to(ROOT).parts
    return parts[1].removesuffix(".py")


def rank(rooms: list[set[str]], word: str) -> int:
    """The place of a room in the order, left to right."""
    return next(i for i, words in enumerate(rooms) if word in words)


def same_courses_room(package: str, one: str, other: str) -> bool:
    """`errors units credit` stand side by side in `courses`, and may use each other."""
    return package == "courses" and rank(COURSES, one) == rank(COURSES, other)


def test_lower_packages_know_nothing_of_the_shell() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for package in ("media", "courses")
        for path in modules(package)
        for name in imported(path)
        if name.split(".")[0] in SHELL_ONLY | {"app", "wsgi"}
        or (package == "media" and name.split(".")[0] == "courses")
    ]
    assert wrong == []


@pytest.mark.parametrize(("package", "rooms"), [("courses", COURSES), ("media", MEDIA)])
def test_rooms_import_only_what_stands_to_their_left(package: str, rooms: list[set[str]]) -> None:
    wrong = []
    for path in modules(package):
        here = room(path)
        if here == "__init__":
            assert list(imported(path)) == [], f"{package}/__init__.py imports nothing"
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != package or len(parts) < 2 or parts[1] == here:
                continue
            if rank(rooms, parts[1]) >= rank(rooms, here) and not same_courses_room(package, parts[1], here):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_the_credit_engine_needs_only_the_standard_library() -> None:
    allowed = set(sys.stdlib_module_names)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in [*modules("courses/credit"), ROOT / "courses/__init__.py"]
        for name in imported(path)
        if name.split(".")[0] not in allowed and not name.startswith("courses.credit")
    ]
    assert wrong == []


def test_a_feature_never_imports_another() -> None:
    wrong = []
    for path in modules("app"):
        here = room(path)
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "app" or len(parts) < 2:
                continue
            target = parts[1]
            if here in PLUMBING and target not in PLUMBING:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
            if here not in PLUMBING | CONDUCTORS and target not in PLUMBING | ALSO.get(here, {here}):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_only_the_database_module_commits() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for package in ("app", "courses", "media")
        for path in modules(package)
        if path != ROOT / "app/db.py" and re.search(r"session\.commit\(|connection\.commit\(", path.read_text("utf-8"))
    ]
    assert wrong == []


def test_the_domain_looks_at_no_clock() -> None:
    words = ("datetime.now(", "date.today(", "time.time(", "utcnow(")
    wrong = [
        f"{path.relative_to(ROOT)}: {word}"
        for package in ("courses", "media")
        for path in modules(package)
        for word in words
        if word in path.read_text("utf-8")
    ]
    assert wrong == []
