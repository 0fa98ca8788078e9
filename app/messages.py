"""Catalogues: every feature's `.po` is compiled into the one `xueshi.mo` of its language.

    python -m app.messages           compile
    python -m app.messages --check   name what no catalogue translates, or translates two ways

Messages are found in `_()`, `gettext`, `lazy_gettext`, `ngettext` of code and templates, and where
the domain refuses: the sentence given to a refusal, and the class attribute
`sentence`.
"""

import ast
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from app.languages import DOMAIN, TRANSLATIONS

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("zh_CN",)
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy": None,
    "lazy_gettext": None,
    "N_": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
}
JINJA_OPTIONS = {"trimmed": "true", "silent": "false", "encoding": "utf-8"}
PLACEHOLDER = re.compile(r"%\((\w+)\)([sd])")
LONE_PERCENT = re.compile(r"(?<!%)(?:%%)*%(?![(%])")


def catalogues(language: str) -> dict[Path, Catalog]:
    """Every feature's catalogue of a language."""
    found = {}
    for path in sorted((TRANSLATIONS / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            found[path] = read_po(file, locale=language, domain=path.stem, abort_invalid=True)
    return found


def compile_all() -> list[Path]:
    """Write each language's `.mo` where it changed; returns those written."""
    written = []
    for language in LANGUAGES:
        whole = Catalog(locale=language, domain=DOMAIN, fuzzy=False)
        for catalogue in catalogues(language).values():
            for message in catalogue:
                if message.id and not message.fuzzy:
                    whole.add(message.id, message.string, context=message.context)
        target = TRANSLATIONS / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        if replace(target, compiled(whole)):
            written.append(target)
    return written


def compiled(catalogue: Catalog) -> bytes:
    """A catalogue as gettext reads it."""
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def replace(path: Path, content: bytes) -> bool:
    """Put content in place at once, so that a running site never reads half; False if the same."""
    if path.exists() and path.read_bytes() == content:
        return False
    half = path.with_suffix(f".{os.getpid()}")
    half.write_bytes(content)
    half.replace(path)
    return True


def found_in_code(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """(msgid, where) of Python files: gettext calls and the sentences of refusals."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in paths}
    refusals = refusal_names(trees)
    for path, tree in trees.items():
        where = str(path.relative_to(ROOT))
        with path.open("rb") as file:
            for line, message, _comments, _context in extract("python", file, KEYWORDS):
                yield first(message), f"{where}:{line}"
        for node in ast.walk(tree):
            for sentence, line in sentences(node, refusals):
                yield sentence, f"{where}:{line}"


def refusal_names(trees: dict[Path, ast.Module]) -> set[str]:
    """The names of `Refusal` and of every class that descends from it, by name."""
    classes = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    names = {"Refusal"}
    while True:
        more = {c.name for c in classes if any(called(base) in names for base in c.bases)} - names
        if not more:
            return names
        names |= more


def called(node: ast.expr) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def sentences(node: ast.AST, refusals: set[str]) -> Iterator[tuple[str, int]]:
    """The literal sentences that a node gives to a refusal, with their lines."""
    given: list[ast.expr | None] = []
    if isinstance(node, ast.Call) and called(node.func) in refusals:
        given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "sentence")]
    elif isinstance(node, ast.ClassDef):
        given = [
            statement.value
            for statement in node.body
            if isinstance(statement, ast.Assign | ast.AnnAssign) and "sentence" in targets(statement)
        ]
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value, value.lineno


def targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    """The names a statement assigns."""
    whole = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [called(target) for target in whole]


def found_in_templates(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """(msgid, where) of Jinja templates."""
    for path in paths:
        with path.open("rb") as file:
            for line, _name, message, _comments in babel_extract(
                file, ("_", "gettext", "ngettext"), [], JINJA_OPTIONS
            ):
                yield first(message), f"{path.relative_to(ROOT)}:{line}"


def first(message: Any) -> str:
    """The msgid of a message, which for plurals is the singular."""
    return str(message if isinstance(message, str) else message[0])


def used() -> dict[str, list[str]]:
    """Every msgid in use, with the places that use it."""
    code = [p for folder in ("app", "courses", "media") for p in sorted((ROOT / folder).rglob("*.py"))]
    templates = sorted((ROOT / "templates").rglob("*.html"))
    places: dict[str, list[str]] = defaultdict(list)
    for source in (found_in_code(code), found_in_templates(templates)):
        for message, where in source:
            if message:
                places[message].append(where)
    return places


def translations(language: str) -> dict[str, dict[tuple[str, ...], str]]:
    """For each msgid its translations, and for each of these a catalogue that gives it."""
    given: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for path, catalogue in catalogues(language).items():
        for message in catalogue:
            whole: Any = message.string if isinstance(message.string, tuple) else (message.string,)
            if message.id and all(whole) and not message.fuzzy:
                given[first(message.id)][whole] = path.name
    return given


def findings(language: str) -> list[str]:
    """What is wrong with a language: missing, contradicting, or with other placeholders."""
    translated = translations(language)
    wrong = []
    for message, places in sorted(used().items(), key=lambda item: item[1][0]):
        if message not in translated:
            wrong.append(f"{places[0]}: not translated: {message!r}")
        texts = (message, *(text for way in translated.get(message, {}) for text in way))
        is_formatted = any(place.startswith("templates/") for place in places)
        if is_formatted and any(map(LONE_PERCENT.search, texts)):
            wrong.append(f"{places[0]}: templates format every message, so write %%: {message!r}")
    for message, ways in translated.items():
        if len(ways) > 1:
            wrong.append(f"{' and '.join(sorted(ways.values()))}: two translations of {message!r}")
        wanted = set(PLACEHOLDER.findall(message))
        for texts, name in ways.items():
            if not set(PLACEHOLDER.findall("".join(texts))) <= wanted:
                wrong.append(f"{name}: a placeholder that the message does not have: {message!r}")
    return wrong


def main(words: list[str]) -> int:
    """Compile, or check: 1 when something is wrong."""
    if "--check" not in words:
        compile_all()
        return 0
    wrong = [sentence for language in LANGUAGES for sentence in findings(language)]
    for sentence in wrong:
        sys.stdout.write(sentence + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
