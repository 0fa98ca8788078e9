"""The pictures on the opening slides, drawn from simple shapes on a grid of 100 x 100."""

from collections.abc import Callable
from math import cos, pi, sin

from PIL import Image, ImageDraw

FINE = 4  # drawn larger, then scaled down: smooth edges
Pen = ImageDraw.ImageDraw
GRID = 100


def paste(page: Image.Image, name: str, *, centre: tuple[int, int], size: int, colour: str) -> None:
    """Draw a picture onto a page; an unknown name is the warning triangle."""
    mask = Image.new("L", (GRID * FINE * 2, GRID * FINE * 2), 0)
    PICTURES.get(name, _alert)(Sketch(ImageDraw.Draw(mask), FINE * 2))
    mask = mask.resize((size, size), Image.Resampling.LANCZOS)
    left, top = centre[0] - size // 2, centre[1] - size // 2
    page.paste(Image.new("RGB", (size, size), colour), (left, top), mask)


class Sketch:
    """A pen on the grid: `on` fills, `off` cuts out."""

    def __init__(self, pen: Pen, scale: int) -> None:
        self.pen = pen
        self.scale = scale

    def _at(self, *values: float) -> list[float]:
        return [value * self.scale for value in values]

    def box(self, *edges: float, radius: float = 0, on: bool = True) -> None:
        self.pen.rounded_rectangle(self._at(*edges), radius * self.scale, fill=255 * on)

    def disc(self, x: float, y: float, radius: float, *, on: bool = True) -> None:
        self.pen.ellipse(self._at(x - radius, y - radius, x + radius, y + radius), fill=255 * on)

    def shape(self, *points: float, on: bool = True) -> None:
        self.pen.polygon(self._at(*points), fill=255 * on)

    def line(self, *points: float, width: float = 6, on: bool = True) -> None:
        self.pen.line(self._at(*points), fill=255 * on, width=int(width * self.scale), joint="curve")


def _alert(s: Sketch) -> None:
    s.shape(50, 8, 96, 90, 4, 90)
    s.shape(50, 24, 83, 82, 17, 82, on=False)
    s.box(46, 42, 54, 64, radius=3)
    s.disc(50, 73, 5)


def _drum(s: Sketch) -> None:
    s.box(20, 10, 80, 90, radius=8)
    for y in (30, 66):
        s.box(16, y, 84, y + 6, radius=3)
        s.box(20, y - 3, 80, y, on=False)
    s.shape(50, 38, 62, 60, 38, 60, on=False)
    s.box(48, 45, 52, 53)
    s.disc(50, 56.5, 1.8)


def _tank(s: Sketch) -> None:
    s.box(12, 34, 88, 92, radius=12)
    s.box(20, 42, 80, 84, radius=6, on=False)
    s.box(36, 24, 64, 36, radius=3)
    s.line(50, 4, 50, 50, width=4)
    s.disc(50, 56, 7)
    s.box(41, 64, 59, 84, radius=6)


def _card(s: Sketch) -> None:
    s.box(8, 20, 92, 82, radius=8)
    s.box(15, 27, 85, 75, radius=4, on=False)
    s.disc(34, 44, 8)
    s.box(22, 55, 46, 68, radius=6)
    for y, right in ((38, 78), (50, 78), (62, 68)):
        s.box(54, y, right, y + 6, radius=3)


def _bolt(s: Sketch) -> None:
    s.shape(58, 4, 20, 56, 46, 56, 38, 96, 80, 40, 54, 40)


def _ladder(s: Sketch) -> None:
    s.line(34, 6, 22, 94, width=7)
    s.line(66, 6, 78, 94, width=7)
    for index in range(5):
        y = 20 + 16 * index
        spread = 32 - (y - 6) * 12 / 88
        s.line(spread, y, 100 - spread, y, width=6)


def _people(s: Sketch) -> None:
    for x, y, size in ((24, 42, 0.8), (76, 42, 0.8), (50, 34, 1.0)):
        s.disc(x, y, 17 * size, on=False)
        s.box(x - 26 * size, y + 14 * size, x + 26 * size, 90, radius=14, on=False)
        s.disc(x, y, 13 * size)
        s.box(x - 22 * size, y + 18 * size, x + 22 * size, 88, radius=12)


def _clipboard(s: Sketch) -> None:
    s.box(18, 14, 82, 94, radius=8)
    s.box(26, 24, 74, 86, radius=4, on=False)
    s.box(36, 6, 64, 24, radius=5)
    for y in (38, 54, 70):
        s.line(32, y + 1, 37, y + 6, 44, y - 4, width=4)
        s.box(50, y - 1, 68, y + 4, radius=2)


def _gear(s: Sketch) -> None:
    for index in range(8):
        angle = index * pi / 4
        x, y = 50 + 40 * cos(angle), 50 + 40 * sin(angle)
        s.disc(x, y, 9)
    s.disc(50, 50, 36)
    s.disc(50, 50, 15, on=False)


def _flame(s: Sketch) -> None:
    s.disc(50, 64, 30)
    s.shape(52, 2, 80, 60, 20, 60, 30, 32, 40, 44)
    s.disc(50, 72, 15, on=False)
    s.shape(50, 44, 65, 70, 35, 70, on=False)


def _mask(s: Sketch) -> None:
    s.disc(50, 34, 28)
    s.disc(50, 34, 20, on=False)
    s.box(20, 40, 80, 74, radius=20)
    s.box(36, 52, 64, 62, radius=5, on=False)
    s.disc(24, 72, 14)
    s.disc(76, 72, 14)
    s.disc(24, 72, 6, on=False)
    s.disc(76, 72, 6, on=False)


PICTURES: dict[str, Callable[[Sketch], None]] = {
    "alert": _alert,
    "drum": _drum,
    "tank": _tank,
    "card": _card,
    "bolt": _bolt,
    "ladder": _ladder,
    "people": _people,
    "clipboard": _clipboard,
    "gear": _gear,
    "flame": _flame,
    "mask": _mask,
}
