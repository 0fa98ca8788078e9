"""Captions: what is read, what is refused, and that nothing but text and times survives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import captions, errors
from media.captions import Cue

VTT = """WEBVTT - 标题

NOTE a comment --- not a cue

STYLE
::cue { background: url(https://example.com/x) }

intro
00:01.000 --> 00:04.500 align:start position:10%
<v 讲师>大家好</v>，<b>今天</b>讲有限空间。

00:00:05.000 --> 00:00:07.000
先通风
再检测
"""
SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\n<font color=\"red\">第一条</font>\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n第二条\r\n"


def test_webvtt_is_read_without_its_decoration() -> None:
    assert captions.read(VTT.encode()) == [
        Cue(1000, 4500, "大家好，今天讲有限空间。"),
        Cue(5000, 7000, "先通风\n再检测"),
    ]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_subrip_is_read_in_the_codings_of_the_trade(coding: str) -> None:
    assert captions.read(SRT.encode(coding)) == [Cue(1000, 2500, "第一条"), Cue(3000, 4000, "第二条")]


def test_what_is_written_is_webvtt() -> None:
    text = captions.write([Cue(3_723_004, 3_724_000, "a < b & c")])
    assert text == "WEBVTT\n\n01:02:03.004 --> 01:02:04.000\na &lt; b &amp; c\n"


texts = st.text("学时安全abc<>&-", min_size=1, max_size=20).filter(lambda t: "-->" not in t)


def one_after_the_other(gaps: list[tuple[int, int, str]]) -> list[Cue]:
    cues, at = [], 0
    for pause, length, text in gaps:
        cues.append(Cue(at + pause, at + pause + length, text))
        at += pause + length
    return cues


cues = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1, 10**5), texts), min_size=1, max_size=8
).map(one_after_the_other)


@given(cues)
def test_writing_and_reading_keeps_times_and_count(made: list[Cue]) -> None:
    found = captions.read(captions.write(made).encode())
    assert [(c.from_ms, c.to_ms) for c in found] == [(c.from_ms, c.to_ms) for c in made]
    assert captions.read(captions.write(found).encode()) == found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "captions_empty"),
        ("没有时间的文字".encode(), "captions_empty"),
        (b"WEBVTT\n\n00:04.000 --> 00:01.000\nx\n", "captions_malformed"),
        (b"WEBVTT\n\n00:04 --> soon\nx\n", "captions_malformed"),
        (b"\x00\x01\x02" * 100, "captions_not_text"),
        (b"\xff" * 99 + b"\x81", "captions_not_text"),
        (b"x" * (captions.MOST_BYTES + 1), "captions_too_large"),
    ],
)
def test_refusals(data: bytes, code: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        captions.read(data)
    assert refused.value.code == code
    assert refused.value.field == "file"


def test_captions_of_a_longer_video_are_refused() -> None:
    captions.read(SRT.encode(), duration_ms=3001)
    with pytest.raises(errors.Invalid) as refused:
        captions.read(SRT.encode(), duration_ms=3000)
    assert refused.value.code == "captions_too_late"


def test_a_malformed_time_names_its_line() -> None:
    with pytest.raises(errors.Invalid) as refused:
        captions.read(b"WEBVTT\n\n1\n00:00:01.000 --> 00:00:00.500\nx\n")
    assert refused.value.detail == {"line": 4}


def test_every_fault_is_told_by_its_line_in_their_order() -> None:
    text = """1
00:00:05,000 --> 00:00:07,000
a

2
00:00:06,000 --> 00:00:08,000
while the first is shown

3
00:00:01,000 --> 00:00:02,000
too early

4
00:00:xx,000 --> 00:00:09,000
what

5
00:01:00,000 --> 00:01:01,000
after the end
"""
    with pytest.raises(captions.Wrong) as refused:
        captions.read(text.encode(), duration_ms=30_000)
    told = [(fault.code, fault.detail["line"]) for fault in (refused.value, *refused.value.also)]
    assert told == [
        ("captions_overlap", 6), ("captions_order", 10), ("captions_malformed", 14), ("captions_too_late", 18),
    ]  # fmt: skip


def test_what_tools_round_is_cut() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.050\na\n\n00:02.000 --> 00:09.000\nb\n"
    assert captions.read(text.encode(), duration_ms=8_000) == [Cue(1000, 2000, "a"), Cue(2000, 8000, "b")]


@pytest.mark.parametrize("tag", ["zh-CN", "en", "zh-Hans-CN", "de"])
def test_languages(tag: str) -> None:
    assert captions.check_language(tag) == tag


@pytest.mark.parametrize("tag", ["", "../x", "chinese language", "zh_CN", "a"])
def test_no_languages(tag: str) -> None:
    with pytest.raises(errors.Invalid):
        captions.check_language(tag)
