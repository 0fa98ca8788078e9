"""Every message in code and templates is translated, once, and with its own placeholders."""

import ast
from pathlib import Path

from app import messages


def test_every_message_is_translated() -> None:
    assert messages.findings("zh_CN") == []


def test_refusals_of_the_domain_are_found() -> None:
    tree = ast.parse(
        "class Late(errors.Gone):\n"
        "    sentence = 'Too late.'\n"
        "class Later(Late): pass\n"
        "def f():\n"
        "    raise errors.Conflict('taken', 'It is taken.')\n"
        "    raise Later('late', sentence='Much too late.')\n"
        "    raise ValueError('taken', 'Not for visitors.')\n"
    )
    names = messages.refusal_names({Path("x.py"): tree, Path("y.py"): ast.parse("class Gone(Refusal): pass\nclass Conflict(Refusal): pass")})
    found = {sentence for node in ast.walk(tree) for sentence, _line in messages.sentences(node, names)}
    assert found == {"Too late.", "It is taken.", "Much too late."}


def test_plurals_and_block_translations_are_found(tmp_path: Path) -> None:
    template = messages.ROOT / "templates" / "ui" / "parts.html"
    found = {message for message, _where in messages.found_in_templates([template])}
    assert {"%(num)d star", "Page %(number)s of %(pages)s"} <= found
