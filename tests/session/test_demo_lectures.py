"""The demonstration lectures: texts, slides, voices, and one made whole."""

from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from app.demo import lectures, pictograms, plan, slides, speech
from media import captions, probe, tools


def test_every_course_of_the_plan_has_its_lectures() -> None:
    wanted = {key for one in plan.PLANS for _title, key in one.lessons} - {plan.CLIP}
    assert wanted <= set(lectures.scripts())
    assert len(lectures.scripts()) >= 12


@pytest.mark.parametrize("script", lectures.scripts().values(), ids=lambda script: script.id)
def test_a_script_is_whole_and_fits_its_slides(script: lectures.Script) -> None:
    assert 5 <= len(script.slides) + 2 <= 8
    assert script.picture in pictograms.PICTURES
    for slide in script.slides:
        assert 2 <= len(slide.points) <= 4
        assert slides.font("bold", 46).getlength(slide.title) < slides.WIDTH - 300
        for point in slide.points:
            assert slides.font("bold", 24).getlength(point.text) < slides.WIDTH - 2 * slides.MARGIN - 110
            assert point.say.endswith(("。", "？"))


def test_a_slide_changes_where_the_speaker_is() -> None:
    def drawn(shown: int) -> Image.Image:
        return slides.content(
            number=1, count=2, title="标题", points=["一", "二"], lecture="讲课", foot="脚注", shown=shown
        )

    pictures = [drawn(shown) for shown in range(3)]
    assert all(picture.size == (1280, 720) for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 3


def test_without_a_synthesiser_there_is_a_quiet_tone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech.shutil, "which", lambda _name: None)
    monkeypatch.setattr(speech, "_library", lambda: None)
    sound = speech.voice()("先通风，再检测，后作业。")
    assert 2_500 < sound.ms < 4_000
    assert 0 < max(sound.samples) < 4_000


def test_the_wheel_speaks_mandarin_where_the_program_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech.shutil, "which", lambda _name: None)
    sound = speech.voice()("先通风，再检测，后作业。")
    assert max(sound.samples) > 4_000, "that is speech, not the tone"
    assert 1_500 < sound.ms < 8_000


def test_without_a_font_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(slides, "PACKAGE", tmp_path)
    monkeypatch.setattr(slides, "SYSTEM", ())
    slides._font_file.cache_clear()
    try:
        with pytest.raises(slides.NoFont):
            slides._font_file("bold")
    finally:
        slides._font_file.cache_clear()


@pytest.mark.video
def test_a_lecture_is_a_video_with_captions_in_time(tmp_path: Path) -> None:
    made = lectures.make("emergency", tmp_path)
    facts = probe.measure(made.path, ffprobe=tools.find().ffprobe, folder=tmp_path)
    assert (facts.width, facts.height, facts.audio_codec) == (1280, 720, "aac")
    assert abs(facts.duration_ms - made.duration_ms) < 300
    assert 60_000 <= made.duration_ms <= 180_000
    cues = captions.read(made.captions_path.read_bytes(), duration_ms=facts.duration_ms)
    assert cues[0].text.startswith("泄漏应急处置")
    assert all(one.to_ms <= two.from_ms for one, two in pairwise(cues))
    assert cues[-1].to_ms <= made.duration_ms
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".mp4", ".vtt")) == [
        "emergency.mp4", "emergency.zh-CN.vtt",
    ]  # fmt: skip
