"""Playlists by measure: rates, codecs, and rungs that do not fit together."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from media import errors
from media.transcode import hls
from media.transcode.hls import Segment, Track

AVC = b"....avcC" + bytes((1, 0x64, 0x00, 0x1F)) + b"...."
TRACK = Track("360p", 640, 360, Fraction(24000, 1001), "avc1.64001f", 500, 400, 1, 6000, ("a", "b"))


def rung(folder: Path, *, end: str = "#EXT-X-ENDLIST\n") -> Path:
    (folder / "seg_00000.m4s").write_bytes(b"x" * 6000)
    (folder / "seg_00001.m4s").write_bytes(b"x" * 900)
    (folder / "init.mp4").write_bytes(AVC)
    (folder / "index.m3u8").write_text(
        "#EXTM3U\n#EXTINF:6.000000,\nseg_00000.m4s\n#EXTINF:0.500000,\nseg_00001.m4s\n" + end
    )
    return folder


def measured(folder: Path) -> Track:
    return hls.measure(folder, width=640, height=360, fps=Fraction(25), has_sound=True)


def test_rates_are_measured_and_a_short_tail_is_no_peak(tmp_path: Path) -> None:
    track = measured(rung(tmp_path))
    assert track.duration_ms == 6500
    assert track.average_bps == -(-6900 * 8 * 2 // 13)
    assert track.peak_bps == track.average_bps  # 8000 in the long segment; the average is above it
    assert track.codecs == "avc1.64001f,mp4a.40.2"
    assert track.files == ("init.mp4", "seg_00000.m4s", "seg_00001.m4s", "index.m3u8")


def test_the_peak_is_of_long_segments() -> None:
    segments = [Segment("a", Fraction(6), 6000), Segment("b", Fraction(3), 6000), Segment("c", Fraction(1), 9000)]
    assert hls.peak(segments) == 16_000


@pytest.mark.parametrize("lost", ["seg_00001.m4s", "init.mp4", "index.m3u8"])
def test_a_rung_that_is_not_whole_is_a_fault(tmp_path: Path, lost: str) -> None:
    rung(tmp_path)
    (tmp_path / lost).unlink()
    with pytest.raises(errors.Fault):
        measured(tmp_path)


def test_a_playlist_without_an_end_is_half_written(tmp_path: Path) -> None:
    with pytest.raises(errors.Fault):
        measured(rung(tmp_path, end=""))


def test_a_playlist_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    rung(tmp_path)
    text = (tmp_path / "index.m3u8").read_text()
    (tmp_path / "index.m3u8").write_text(text.replace("seg_00001", "../seg_00001"))
    with pytest.raises(errors.Fault):
        measured(tmp_path)


def test_rungs_cut_differently_are_refused() -> None:
    assert hls.check_aligned([TRACK, replace(TRACK, duration_ms=5990)]) == 5990
    for other in (replace(TRACK, files=("a",)), replace(TRACK, duration_ms=5800)):
        with pytest.raises(errors.Fault):
            hls.check_aligned([TRACK, other])


def test_the_master_names_the_smallest_rung_first() -> None:
    text = hls.master([replace(TRACK, name="720p", peak_bps=900), TRACK])
    assert text.index("360p/index.m3u8") < text.index("720p/index.m3u8")
    assert "FRAME-RATE=23.976" in text
    assert 'CODECS="avc1.64001f"' in text
    assert text.startswith("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
