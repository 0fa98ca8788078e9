"""Tools on somebody else's files: bounded, silent on the network, gone with their worker."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from media import confine, errors, tools
from media.confine import Limits

PYTHON = sys.executable


def run(code: str, folder: Path, **limits: int) -> bytes:
    return confine.run([PYTHON, "-c", code], limits=Limits(**limits), folder=folder)


def test_its_output_comes_back(tmp_path: Path) -> None:
    assert run("print('done')", tmp_path) == b"done\n"


def test_it_has_low_priority_and_none_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", "x")
    told = run("import os; print(os.nice(0), 'SOME_SECRET' in os.environ)", tmp_path)
    assert told == f"{min(19, os.nice(0) + 10)} False\n".encode()


def test_wall_time_ends_it(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(confine.Stopped) as stopped:
        run("import time; time.sleep(60)", tmp_path, wall_s=1)
    assert stopped.value.code == "too_slow"
    assert time.monotonic() - began < 30


def test_a_file_that_grows_too_large_ends_it(tmp_path: Path) -> None:
    with pytest.raises(confine.Stopped):
        run("open('big', 'wb').write(b'x' * 5_000_000)", tmp_path, file_bytes=1_000_000)
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_memory_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(confine.Stopped) as stopped:
        run("x = bytearray(3_000_000_000)", tmp_path, memory_bytes=1_000_000_000)
    assert "MemoryError" in stopped.value.log


def test_what_tick_raises_ends_it(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def tick() -> None:
        raise Enough

    with pytest.raises(Enough):
        confine.run(
            [PYTHON, "-c", "import time; time.sleep(60)"], limits=Limits(), folder=tmp_path, tick=tick
        )


def test_only_the_last_words_of_its_log_are_kept(tmp_path: Path) -> None:
    with pytest.raises(confine.Stopped) as stopped:
        run("import sys; sys.stderr.write('a' * 90_000 + 'end'); sys.exit(3)", tmp_path)
    assert (stopped.value.code, stopped.value.status) == ("tool_failed", 3)
    assert len(stopped.value.log) <= confine.LOG_BYTES
    assert stopped.value.log.endswith("end")


def test_a_killed_worker_takes_its_tool_along(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    tool = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    worker = subprocess.Popen(
        [PYTHON, "-c", "import sys; from pathlib import Path; from media import confine\n"
         "confine.run([sys.executable, '-c', sys.argv[1]], limits=confine.Limits(), folder=Path(sys.argv[2]))",
         tool, str(tmp_path)],
    )  # fmt: skip
    for _ in range(300):
        if mark.exists() and mark.read_text():
            break
        time.sleep(0.1)
    pid = int(mark.read_text())
    worker.kill()
    worker.wait()
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return
        time.sleep(0.1)
    raise AssertionError("the tool outlived its worker")


def test_tools_are_found_by_setting_path_and_never_guessed(tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(errors.Fault) as refused:
        tools.find(ffmpeg=str(program))
    assert refused.value.code == "no_ffmpeg"
    program.chmod(0o755)
    (tmp_path / "ffprobe").write_text("#!/bin/sh\n")
    (tmp_path / "ffprobe").chmod(0o755)
    assert tools.find(ffmpeg=str(program), path=str(tmp_path)).ffprobe == str(tmp_path / "ffprobe")
