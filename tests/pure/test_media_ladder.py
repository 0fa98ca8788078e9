"""The ladder by arithmetic alone."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import ladder

sides = st.integers(32, 8192)


@given(sides, sides)
def test_never_above_the_source_and_at_least_two_rungs(width: int, height: int) -> None:
    rungs = ladder.rungs(width, height)
    assert len(rungs) >= 2
    for rung in rungs:
        assert min(rung.width, rung.height) <= min(width, height)
        assert rung.width % 2 == rung.height % 2 == 0
        assert (rung.width >= rung.height) == (width >= height) or abs(width - height) <= 2


@given(sides, sides)
def test_names_differ_and_rates_rise(width: int, height: int) -> None:
    rungs = ladder.rungs(width, height)
    assert len({rung.name for rung in rungs}) == len(rungs)
    rates = [rung.video_bps for rung in rungs]
    assert rates == sorted(set(rates))


@given(st.integers(100, 4096), st.integers(100, 4096))
def test_the_shape_stays(width: int, height: int) -> None:
    for rung in ladder.rungs(width, height):
        long, short = max(width, height), min(width, height)
        got_long, got_short = max(rung.width, rung.height), min(rung.width, rung.height)
        assert abs(got_long - Fraction(got_short * long, short)) <= 1


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((1920, 1080), ["360p", "540p", "720p", "1080p"]),
        ((3840, 2160), ["360p", "540p", "720p", "1080p"]),
        ((1280, 720), ["360p", "540p", "720p"]),
        ((720, 1280), ["360p", "540p", "720p"]),
        ((640, 360), ["270p", "360p"]),
        ((480, 270), ["180p", "270p"]),
        ((854, 480), ["360p", "480p"]),
        ((176, 144), ["144p-lean", "144p"]),
    ],
)
def test_known_sources(size: tuple[int, int], names: list[str]) -> None:
    assert [rung.name for rung in ladder.rungs(*size)] == names


def test_the_lowest_rung_of_a_usual_source_fits_a_3g_line() -> None:
    lowest = ladder.rungs(1920, 1080)[0]
    assert lowest.video_bps + ladder.sound_bps(ladder.rungs(1920, 1080)) < 600_000


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Fraction(25), Fraction(25)),
        (Fraction(24000, 1001), Fraction(24000, 1001)),
        (Fraction(60), Fraction(30)),
        (Fraction(120), Fraction(30)),
        (Fraction(1000), Fraction(125, 8)),
        (Fraction(1, 10), Fraction(1)),
        (None, Fraction(25)),
    ],
)
def test_frame_rates(source: Fraction | None, expected: Fraction) -> None:
    assert ladder.frame_rate(source) == expected
