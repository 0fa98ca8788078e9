"""Runs a tool on somebody else's file: low priority, no network, bounded in time, memory and output.

The limits are set by this very module, run as a program that then becomes the tool: setting them
between fork and exec of a threaded worker is not safe. Standard library only, and nothing of ours.
"""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
LOG_BYTES = 4000
POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use."""

    wall_s: int = 6 * 3600
    cpu_s: int = 24 * 3600
    memory_bytes: int = 4 * 1024**3
    file_bytes: int = 40 * 1024**3


class Stopped(Exception):
    """The tool ended badly: `code` is `tool_failed`, `too_slow` or `killed`; `log` its last lines."""

    def __init__(self, code: str, log: str, status: int) -> None:
        self.code = code
        self.log = log
        self.status = status
        super().__init__(code)


def run(
    command: Sequence[str],
    *,
    limits: Limits,
    folder: Path,
    tick: Callable[[], None] | None = None,
) -> bytes:
    """Standard output of the command, run in `folder`.

    `tick` is called a few times a second while it runs; what it raises ends the tool at once.
    """
    with (
        (folder / "tool.out").open("w+b") as out,
        (folder / "tool.log").open("w+b") as log,
        subprocess.Popen(  # noqa: S603 - a list, no shell; the file's name is one argument of it
            [sys.executable, "-I", "-S", __file__, *_numbers(limits), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            cwd=folder,
            env={"LC_ALL": "C", "HOME": str(folder), "PATH": "/usr/bin:/bin"},
            start_new_session=True,
        ) as process,
    ):
        code = _watch(process, limits.wall_s, tick)
        log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_BYTES))
        tail = log.read().decode("utf-8", "replace")
        if code or process.returncode:
            by_signal = "killed" if process.returncode < 0 else "tool_failed"
            raise Stopped(code or by_signal, tail, process.returncode)
        out.seek(0)
        return out.read()


def _numbers(limits: Limits) -> list[str]:
    values = (limits.cpu_s, limits.memory_bytes, limits.file_bytes, os.getpid())
    return [str(value) for value in values]


def _watch(process: "subprocess.Popen[bytes]", wall_s: int, tick: Callable[[], None] | None) -> str:
    """Wait for the end; "" or why it was ended."""
    ends_at = time.monotonic() + wall_s
    try:
        while True:
            try:
                process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                if time.monotonic() > ends_at:
                    _kill(process)
                    return "too_slow"
                if tick is not None:
                    tick()
            else:
                return ""
    except BaseException:
        _kill(process)
        raise


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def become(arguments: list[str]) -> None:
    """Set the limits on this process and turn into the tool."""
    cpu_s, memory_bytes, file_bytes, parent = (int(value) for value in arguments[:4])
    command = arguments[4:]
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError, OSError):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a killed worker takes its tool along
    if os.getppid() != parent:
        os._exit(1)
    with contextlib.suppress(AttributeError, OSError):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)  # where the kernel allows it: no network at all
    os.nice(10)
    for what, value in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (soft, hard))
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    become(sys.argv[1:])
