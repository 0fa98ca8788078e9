"""Real photos of faces, out of the pictures that an npm package of the tests brings; none is kept here.

Who they are nobody needs to know: two people who are not the same, and another photo of the first made
of the one there is (turned, darker, mirrored), which is kinder to the comparison than life.
"""

import io
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageOps

from app.settings import FACE_PACKAGES

FOLDER = Path(__file__).resolve().parents[1] / "node_modules/@vladmandic/face-api/demo"
FIRST = ("sample2.jpg", (1268, 60, 1780, 560))
SECOND = ("sample6.jpg", (1395, 200, 1760, 640))
BOTH = ("sample6.jpg", (560, 280, 1480, 720))
needed = pytest.mark.skipif(
    not all(map(find_spec, FACE_PACKAGES)), reason="requirements-face.txt is not installed: no face was compared"
)


def cut(which: tuple[str, tuple[int, int, int, int]]) -> Image.Image:
    """A part of a picture."""
    name, box = which
    return Image.open(FOLDER / name).convert("RGB").crop(box)


def jpeg(picture: Image.Image) -> bytes:
    """As a camera sends it."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def first() -> bytes:
    """The first one."""
    return jpeg(cut(FIRST))


def first_again(angle: float = 6) -> bytes:
    """The first one in another light, the head inclined."""
    turned = ImageOps.mirror(cut(FIRST)).rotate(angle, Image.Resampling.BICUBIC)
    return jpeg(ImageEnhance.Brightness(turned).enhance(0.8))


def second() -> bytes:
    """Somebody else."""
    return jpeg(cut(SECOND))


def several() -> bytes:
    """Two people."""
    return jpeg(cut(BOTH))


def dark() -> bytes:
    """The first one at night."""
    return jpeg(ImageEnhance.Brightness(cut(FIRST)).enhance(0.12))


def far() -> bytes:
    """The first one from across the room."""
    small = cut(FIRST)
    small.thumbnail((150, 150))
    wall = Image.new("RGB", (640, 480), (120, 125, 130))
    wall.paste(small, (240, 160))
    return jpeg(wall)


def nobody() -> bytes:
    """A wall."""
    return jpeg(Image.new("RGB", (640, 480), (120, 125, 130)))
