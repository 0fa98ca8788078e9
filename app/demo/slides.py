"""Draws the slides of the demonstration lectures: 1280 x 720, one template, the site's own colours."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from app.demo import pictograms

WIDTH, HEIGHT = 1280, 720
BAND, BAND_DEEP, BAND_LINE = "#0d3b3f", "#092c30", "#2b5b5f"
ON_BAND, ON_BAND_SOFT = "#f1f7f5", "#bdd3d0"
PAPER, SURFACE, INK, INK_SOFT, LINE = "#f3f6f3", "#ffffff", "#0f272b", "#3d5457", "#d2dcd7"
PRIMARY, ACCENT, ACCENT_SOFT, REST = "#0a5c5e", "#ef8a24", "#fdeedb", "#8ba09f"
MARGIN = 84
FOOT = 660
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
SYSTEM = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
SIMPLIFIED = 2  # the index of Simplified Chinese in Noto's collections
WEIGHTS = {"regular": ("400Regular", "Regular"), "bold": ("700Bold", "Bold")}


class NoFont(Exception):
    """There is no Chinese font on this machine."""


@lru_cache(maxsize=2)
def _font_file(weight: str) -> tuple[str, int]:
    folder, name = WEIGHTS[weight]
    for path in sorted(PACKAGE.glob(f"{folder}/*.ttf")):
        return str(path), 0
    for top in SYSTEM:
        for pattern in (f"NotoSansCJK*-{name}.ttc", f"NotoSansSC*{name}.[ot]tf", "NotoSansCJK*.ttc"):
            for path in sorted(top.rglob(pattern)):
                return str(path), SIMPLIFIED if path.suffix == ".ttc" else 0
    raise NoFont("no Noto Sans SC; `npm install` brings it")


@lru_cache(maxsize=24)
def font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    """The Chinese font in a weight (`regular`, `bold`) and size in pixels."""
    path, index = _font_file(weight)
    return ImageFont.truetype(path, size, index=index)


def wrapped(text: str, weight: str, size: int, width: int) -> list[str]:
    """Lines of Chinese text that fit; a line never begins with a closing mark."""
    face = font(weight, size)
    lines = [""]
    for sign in text:
        if face.getlength(lines[-1] + sign) > width and sign not in "，。、；：！？）":
            lines.append(sign)
        else:
            lines[-1] += sign
    return lines


def opening(*, title: str, subtitle: str, picture: str, foot: str) -> Image.Image:
    """The first slide: the lecture's name on the dark band, with its picture."""
    page = Image.new("RGB", (WIDTH, HEIGHT), BAND)
    draw = ImageDraw.Draw(page)
    for radius in range(190, 620, 74):  # rings, as on a target or a warning lamp
        box = (960 - radius, 330 - radius, 960 + radius, 330 + radius)
        draw.ellipse(box, outline=BAND_LINE, width=2)
    draw.ellipse((960 - 170, 330 - 170, 960 + 170, 330 + 170), fill=BAND_DEEP)
    pictograms.paste(page, picture, centre=(960, 330), size=210, colour=ACCENT)
    draw.rectangle((MARGIN, 196, MARGIN + 72, 204), fill=ACCENT)
    top = 228
    for line in wrapped(title, "bold", 66, 610):
        draw.text((MARGIN, top), line, font=font("bold", 66), fill=ON_BAND)
        top += 86
    draw.text((MARGIN, top + 14), subtitle, font=font("regular", 36), fill=ON_BAND_SOFT)
    draw.text((MARGIN, FOOT), foot, font=font("regular", 22), fill=ON_BAND_SOFT)
    return page


def content(
    *, number: int, count: int, title: str, points: Sequence[str], lecture: str, foot: str, shown: int
) -> Image.Image:
    """A slide with points: `shown` of them are there, and the last of these is the one spoken about."""
    page = _plain(number, count, title, lecture, foot).copy()
    draw = ImageDraw.Draw(page)
    room = FOOT - 40 - 226
    step = min(118, room // max(len(points), 1))
    for index, point in enumerate(points[:shown]):
        _point(draw, point, top=226 + index * step, height=step - 16, is_now=index == shown - 1)
    return page


@lru_cache(maxsize=4)
def _plain(number: int, count: int, title: str, lecture: str, foot: str) -> Image.Image:
    page = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 20, HEIGHT), fill=BAND)
    draw.rounded_rectangle((MARGIN, 74, MARGIN + 88, 162), 20, fill=PRIMARY)
    draw.text((MARGIN + 44, 118), f"{number}", font=font("bold", 48), fill=SURFACE, anchor="mm")
    draw.text((MARGIN + 116, 70), lecture, font=font("regular", 24), fill=INK_SOFT)
    draw.text((MARGIN + 116, 104), title, font=font("bold", 46), fill=INK)
    draw.line((MARGIN, 194, WIDTH - MARGIN, 194), fill=LINE, width=2)
    draw.text((MARGIN, FOOT), foot, font=font("regular", 20), fill=INK_SOFT)
    width = 34
    for index in range(count):
        left = WIDTH - MARGIN - (count - index) * (width + 8)
        colour = ACCENT if index + 1 == number else (PRIMARY if index + 1 < number else LINE)
        draw.rounded_rectangle((left, FOOT + 10, left + width, FOOT + 18), 4, fill=colour)
    return page


def _point(draw: ImageDraw.ImageDraw, text: str, *, top: int, height: int, is_now: bool) -> None:
    right = WIDTH - MARGIN
    box = (MARGIN, top, right, top + height)
    draw.rounded_rectangle(box, 16, fill=SURFACE, outline=ACCENT if is_now else LINE, width=3 if is_now else 2)
    middle = top + height // 2
    colour = ACCENT if is_now else REST
    draw.ellipse((MARGIN + 30, middle - 9, MARGIN + 48, middle + 9), fill=colour)
    size = next(s for s in (36, 32, 28, 24) if font("bold", s).getlength(text) <= right - MARGIN - 110 or s == 24)
    draw.text((MARGIN + 76, middle), text, font=font("bold", size), fill=INK if is_now else INK_SOFT, anchor="lm")
