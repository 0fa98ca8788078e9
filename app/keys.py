"""The keys of an installation: from the settings, or made once and kept in the data directory."""

import os
import secrets
from dataclasses import replace
from pathlib import Path

from app.settings import KEY_SETTINGS, Settings


def with_keys(settings: Settings) -> Settings:
    """The settings with every key filled in; a new key file is readable by its owner only."""
    missing = [name for name in KEY_SETTINGS if not getattr(settings, name)]
    folder = settings.data_dir / "keys"
    return replace(settings, **{name: _kept(folder / f"{name}.hex") for name in missing})


def _kept(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text("ascii").strip())
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    return bytes.fromhex(path.read_text("ascii"))
