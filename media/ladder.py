"""Which rungs a source gets: pure, from its size alone. Never above the source, at least two.

A rung's name is its short side, as phones are held both ways; sizes are even, pixels square.
The rates cap a constant quality: slides stay far below them, a moving picture is kept in bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

STEPS = (1080, 720, 540, 360)
SMALL_STEPS = (270, 180)
OWN_STEP = Fraction(23, 20)  # a source this much above the next step down gets a rung of its own
FEWEST = 2
FEWEST_BPS = 60_000
TALLEST = 1080
MOST_FPS = 30
# Short side: (constant rate factor, highest video rate in bit/s). The caps are near Apple's
# authoring table; they meet a 3G line (about 700 kbit/s) with the lowest rung.
RATES = {
    180: (27, 180_000),
    270: (26, 300_000),
    360: (25, 500_000),
    540: (24, 1_100_000),
    720: (24, 2_200_000),
    1080: (24, 4_200_000),
}
# One sound for all rungs: it is encoded once, and a change of rung cannot be heard.
SOUND_BPS, SMALL_SOUND_BPS = 64_000, 48_000
SOUND = "sound"  # the rendition without a picture, for a line or a phone that cannot have one
LEAN_FACTOR = Fraction(1, 2)
LEAN_CRF = 6  # six steps of the factor are about half the bits


@dataclass(frozen=True, slots=True)
class Rung:
    """One rendition to make; `crf` caps quality, `video_bps` the rate."""

    name: str
    width: int
    height: int
    crf: int
    video_bps: int


def even(value: Fraction | int) -> int:
    """The nearest even number, at least 2, as 4:2:0 pictures need."""
    return max(2, 2 * round(Fraction(value) / 2))


def rungs(width: int, height: int) -> tuple[Rung, ...]:
    """The ladder of a source whose upright picture has `width` x `height` > 0, smallest first."""
    short = min(width, height)
    steps = sorted(_steps(short))
    ladder = [_rung(width, height, step) for step in steps]
    if len(ladder) < FEWEST:
        ladder.insert(0, _lean(ladder[0]))
    return tuple(ladder)


def _steps(short: int) -> list[int]:
    top = min(short, TALLEST)
    steps = [step for step in STEPS if step <= top]
    if not steps or (top >= steps[0] * OWN_STEP):
        steps.insert(0, even(top) if even(top) <= top else even(top) - 2 or 2)
    smaller = iter(SMALL_STEPS)
    while len(steps) < FEWEST:
        step = next(smaller, None)
        if step is None:
            break
        if step * OWN_STEP <= steps[0]:
            steps.append(step)
    return steps


def _rung(width: int, height: int, step: int) -> Rung:
    short, long = min(width, height), max(width, height)
    other = even(Fraction(long * step, short))
    wide, high = (other, step) if width >= height else (step, other)
    crf, video_bps = _rates(step)
    return Rung(f"{step}p", wide, high, crf, video_bps)


def _rates(step: int) -> tuple[int, int]:
    """The table's values, in a straight line between its rows; below it by the area."""
    if step in RATES:
        return RATES[step]
    above = min(known for known in RATES if known > step)
    crf, most_bps = RATES[above]
    below = max((known for known in RATES if known < step), default=None)
    if below is None:
        return crf, max(int(most_bps * Fraction(step, above) ** 2), FEWEST_BPS)
    least_bps = RATES[below][1]
    return crf, least_bps + (most_bps - least_bps) * (step - below) // (above - below)


def _lean(rung: Rung) -> Rung:
    """The same picture at half the bits: the second rung of a source too small for two sizes."""
    return Rung(
        f"{rung.name}-lean",
        rung.width,
        rung.height,
        rung.crf + LEAN_CRF,
        int(rung.video_bps * LEAN_FACTOR),
    )


def frame_rate(source: Fraction | None) -> Fraction:
    """Frames a second to encode: the source's, halved until it is at most 30."""
    rate = source if source is not None and source > 0 else Fraction(25)
    while rate > MOST_FPS:
        rate /= 2
    return max(rate, Fraction(1))


def sound_bps(ladder: Sequence[Rung]) -> int:
    """Bits a second of the sound that all rungs share: speech is clear at 48 kbit/s and up."""
    tallest = max(min(rung.width, rung.height) for rung in ladder)
    return SOUND_BPS if tallest >= 360 else SMALL_SOUND_BPS
