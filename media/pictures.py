"""Pictures for pages: decoded, turned upright, stripped of everything but pixels, in two sizes.

What leaves here was drawn anew by Pillow, so nothing of the sent file (metadata, position, hidden
payload) survives but what it shows.
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from media import errors

SIZES = {"small": 640, "large": 1280}  # the longer side, never enlarged
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
CAMERA_FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000
SHORTEST_SIDE = 64
WEBP_QUALITY, JPEG_QUALITY = 80, 82
PHOTO_QUALITY = 92  # faces are compared by it


@dataclass(frozen=True, slots=True)
class Drawn:
    """The files to keep, by name, and the upright size of the source."""

    files: dict[str, bytes]
    width: int
    height: int


def draw(path: Path) -> Drawn:
    """`{small,large}.{webp,jpg}` of a picture; errors.Unusable for what is none.

    Codes: `empty_file`, `not_a_picture`, `picture_too_small`, `picture_too_large`.
    """
    if path.stat().st_size == 0:
        raise errors.Unusable("empty_file")
    picture = _open(path)
    if min(picture.size) < SHORTEST_SIDE:
        raise errors.Unusable("picture_too_small")
    files = {}
    for name, longest in SIZES.items():
        copy = picture.copy()
        copy.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        files[f"{name}.webp"] = _encoded(copy, "WEBP", quality=WEBP_QUALITY, method=4)
        files[f"{name}.jpg"] = _encoded(
            copy, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True
        )
    return Drawn(files, *picture.size)


def redrawn(data: bytes, *, longest: int) -> bytes:
    """A photo as an upright JPEG, its longer side at most `longest`; errors.Unusable like `draw`."""
    if not data:
        raise errors.Unusable("empty_file")
    picture = _open(io.BytesIO(data), formats=CAMERA_FORMATS)
    if min(picture.size) < SHORTEST_SIDE:
        raise errors.Unusable("picture_too_small")
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return _encoded(picture, "JPEG", quality=PHOTO_QUALITY)


def _open(source: Path | BinaryIO, *, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=formats) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise errors.Unusable("picture_too_large")
                upright = ImageOps.exif_transpose(picture)
                return _flat(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise errors.Unusable("picture_too_large") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise errors.Unusable("not_a_picture") from error


def _flat(picture: Image.Image) -> Image.Image:
    """RGB on white, in a new image that carries no metadata."""
    flat = Image.new("RGB", picture.size, "white")
    rgba = picture.convert("RGBA")
    flat.paste(rgba, mask=rgba.getchannel("A"))
    return flat


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()
