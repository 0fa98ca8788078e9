"""Reading ffprobe's words: what a stream is, how it stands, and what is refused."""

from fractions import Fraction
from typing import Any

import pytest

from media import errors, probe

VIDEO = {
    "index": 0, "codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080,
    "avg_frame_rate": "25/1", "r_frame_rate": "25/1", "sample_aspect_ratio": "1:1", "pix_fmt": "yuv420p",
}  # fmt: skip
AUDIO = {"index": 1, "codec_type": "audio", "codec_name": "aac", "channels": 2}


def told(*streams: dict[str, Any], duration: str = "60.5") -> dict[str, Any]:
    return {"streams": list(streams), "format": {"format_name": "mov,mp4", "duration": duration}}


def read(*streams: dict[str, Any], duration: str = "60.5") -> probe.Facts:
    return probe.read(told(*streams, duration=duration), size_bytes=1)


def test_a_usual_file() -> None:
    facts = read(VIDEO, AUDIO)
    assert (facts.duration_ms, facts.width, facts.height) == (60_500, 1920, 1080)
    assert (facts.rate, facts.is_variable, facts.channels) == (Fraction(25), False, 2)


@pytest.mark.parametrize(
    ("changes", "rotation", "size"),
    [
        ({"side_data_list": [{"rotation": -90}]}, 90, (1080, 1920)),
        ({"side_data_list": [{"rotation": 90}]}, 270, (1080, 1920)),
        ({"side_data_list": [{"rotation": 180}]}, 180, (1920, 1080)),
        ({"tags": {"rotate": "90"}}, 90, (1080, 1920)),
        ({"sample_aspect_ratio": "4:3"}, 0, (2560, 1080)),
        ({"sample_aspect_ratio": "0:1"}, 0, (1920, 1080)),
        ({"sample_aspect_ratio": "1000000:1"}, 0, (1920, 1080)),
    ],
)
def test_the_upright_picture(changes: dict[str, Any], rotation: int, size: tuple[int, int]) -> None:
    facts = read({**VIDEO, **changes})
    assert (facts.rotation, (facts.width, facts.height)) == (rotation, size)


def test_a_cover_picture_in_a_sound_file_is_no_video() -> None:
    cover = {**VIDEO, "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}
    with pytest.raises(errors.Unusable) as refused:
        read(AUDIO, cover)
    assert refused.value.code == "no_video"
    assert read(cover, {**VIDEO, "index": 2}).video_index == 2


def test_hdr_and_variable_rates_are_noticed() -> None:
    facts = read({**VIDEO, "color_transfer": "smpte2084", "avg_frame_rate": "2997/125"})
    assert facts.is_hdr
    assert facts.is_variable


@pytest.mark.parametrize("rate", ["0/0", "N/A", "-5", "90000/1"])
def test_an_absurd_rate_is_replaced(rate: str) -> None:
    assert read({**VIDEO, "avg_frame_rate": rate, "r_frame_rate": rate}).rate == 25


@pytest.mark.parametrize(
    ("changes", "duration", "code"),
    [
        ({}, "0.9", "too_short"),
        ({}, str(13 * 3600), "too_long"),
        ({}, str(300 * 3600), "too_long"),
        ({}, "N/A", "no_duration"),
        ({"width": 40_000}, "60", "too_wide"),
        ({"height": 8}, "60", "too_small"),
        ({"width": 0}, "60", "no_video"),
        ({"codec_name": None}, "60", "no_video"),
    ],
)
def test_refusals(changes: dict[str, Any], duration: str, code: str) -> None:
    with pytest.raises(errors.Unusable) as refused:
        read({**VIDEO, **changes}, duration=duration)
    assert refused.value.code == code


def test_nothing_at_all_is_no_video() -> None:
    with pytest.raises(errors.Unusable):
        probe.read({}, size_bytes=1)
