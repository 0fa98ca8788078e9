"""Small real clips for the tests, made by ffmpeg from its own test sources; nothing is downloaded."""

import struct
import subprocess
from pathlib import Path

from media import tools

SECONDS = 8


def make(path: Path, *, size: str = "640x360", rate: str = "25", seconds: float = SECONDS,
         sound: bool = True, picture: bool = True, extra: tuple[str, ...] = ()) -> Path:  # fmt: skip
    """A clip with a moving test picture and a tone."""
    inputs: list[str] = []
    if picture:
        inputs += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
    if sound:
        inputs += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={seconds}"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"] if picture else []
    run(*inputs, *coding, *(["-c:a", "aac", "-b:a", "64k"] if sound else []), *extra, str(path))
    return path


def portrait(path: Path) -> Path:
    """As a phone records it: lying down, with the order to turn it by a quarter."""
    data = bytearray(make(path, size="640x360").read_bytes())
    matrix = data.find(b"tkhd") + 44  # version 0: 40 bytes of other fields before it
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 360 << 16, 0, 1 << 30)
    path.write_bytes(bytes(data))
    return path


def variable(path: Path) -> Path:
    """Frames at uneven times, as screen recorders write them."""
    return make(path, extra=("-vf", "select='not(mod(n,3))+lt(n,60)'", "-fps_mode", "vfr"))


def cut_off(path: Path) -> Path:
    """A file whose header promises twice what follows."""
    whole = make(path.with_name("whole.mp4"), seconds=20, extra=("-movflags", "+faststart"))
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def run(*arguments: str) -> None:
    """ffmpeg with these arguments."""
    subprocess.run(
        [tools.find().ffmpeg, "-hide_banner", "-v", "error", "-nostdin", "-y", *arguments],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
