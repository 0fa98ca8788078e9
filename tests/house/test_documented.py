"""Every setting and every command stands in the operator's manual."""

from dataclasses import fields
from pathlib import Path

from app.cli import COMMANDS
from app.settings import Settings, variable

MANUAL = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text("utf-8")


def test_every_setting_is_documented_with_what_it_takes() -> None:
    missing = [
        variable(spec.name)
        for spec in fields(Settings)
        if f"| `{variable(spec.name)}` | {spec.metadata['takes']} |" not in MANUAL
    ]
    assert missing == []


def test_every_command_is_documented() -> None:
    assert [name for name in COMMANDS if f"`python -m app {name}`" not in MANUAL] == []
