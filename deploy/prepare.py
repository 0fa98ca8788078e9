"""Makes this checkout ready to run or to be tested, with nothing but Python 3.11 to begin with.

Standard library only. Installs into `.venv` and `node_modules`, each step only where its inputs
changed; tells in one sentence what to do where it cannot go on.
"""

from __future__ import annotations  # an old Python must get as far as the sentence that refuses it

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
NEEDED_BYTES = 2 * 1024**3
DEBIAN_FOR_TESTS = {  # program or folder that shows it is there -> package
    "chromium": "chromium",
    "/usr/lib/postgresql": "postgresql",
    "/usr/share/fonts/opentype/noto": "fonts-noto-cjk",
    "go": "golang-go",
    "/usr/share/gocode/src/golang.org/x/mod": "golang-golang-x-mod-dev",
}


class Stop(Exception):
    """Cannot go on; the message says what to do."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"· {text}", flush=True)


def run(command: list[str], failure: str, **options: object) -> None:
    """Run a step quietly; on failure show the end of what it printed and `failure`."""
    done = subprocess.run(
        command, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise Stop(f"{tail}\n{failure}")


def stamp(name: str, *inputs: Path) -> tuple[Path, str]:
    """Where a step's fingerprint is kept, and what it is now."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(inputs):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return VENV / f"prepared-{name}", digest.hexdigest()


def is_fresh(kept: Path, fingerprint: str) -> bool:
    """Whether a step was done for just these inputs."""
    return kept.exists() and kept.read_text("ascii") == fingerprint


def check_machine() -> None:
    """An old Python or a full disk is said at once."""
    if sys.version_info < (3, 11):
        raise Stop(
            f"Xueshi needs Python 3.11 or newer, and this is {sys.version.split()[0]}. "
            "Install python3.11, or name it: make PYTHON=/path/to/python3.11 run"
        )
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES and not BIN.exists():
        raise Stop(
            f"The disk has {free // 10**6} MB left, and installing needs {NEEDED_BYTES // 10**6} MB. "
            "Free some space, then run the same command again."
        )


def make_venv() -> None:
    """The virtual environment; half-made ones are made again."""
    if not (BIN / "pip").exists():
        say("making the virtual environment")
        try:
            venv.create(VENV, with_pip=True, clear=True)
        except subprocess.CalledProcessError as error:
            raise Stop(
                "This Python cannot make a virtual environment. On Debian: apt install python3-venv"
            ) from error
        pip(ROOT / "requirements-uv.txt")


def install(list_name: str) -> None:
    """Install one pinned list, refusing any file whose hash is not in it.

    uv fetches side by side, which is four times as fast on a slow line; it looks for certificates in
    its own bundle, then in the system's; where it cannot work at all, pip does.
    """
    wanted = ROOT / f"{list_name}.txt"
    kept, fingerprint = stamp(list_name, wanted)
    if is_fresh(kept, fingerprint):
        return
    say(f"installing {wanted.name}")
    uv = [str(BIN / "uv"), "pip", "install", "--quiet", "--python", str(BIN / "python"), "--require-hashes",
          "-r", str(wanted)]
    if not ((BIN / "uv").exists() and (works(uv) or works([*uv, "--system-certs"]))):
        pip(wanted)
    kept.write_text(fingerprint, "ascii")


def works(command: list[str]) -> bool:
    """Whether a step succeeds; what it prints is not shown."""
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0


def pip(wanted: Path) -> None:
    """Install one pinned list with pip."""
    run(
        [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-input", "--require-hashes", "-r", str(wanted)],
        "The Python packages could not be installed. Check the network and the disk, then try again.",
    )


def node_environment() -> dict[str, str]:
    """An environment in which `node` and `npm` are found: the machine's, else the wheel's."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def has_node() -> bool:
    """Whether the machine has Node 18, which esbuild and the checkers want, and npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    major = done.stdout.strip().removeprefix("v").split(".")[0]
    return major.isdecimal() and int(major) >= 18


def browser_side(*, tests: bool) -> None:
    """node_modules and the built assets."""
    kept, fingerprint = stamp("npm", ROOT / "package-lock.json")
    fingerprint += " with tests" if tests else ""
    environment = node_environment()
    if not (is_fresh(kept, fingerprint) or is_fresh(kept, fingerprint + " with tests")):
        say("installing the browser's packages")
        run(
            ["npm", "ci", "--no-audit", "--no-fund", *([] if tests else ["--omit=dev"])],
            "The browser's packages could not be installed. Check the network, then try again.",
            env=environment,
        )
        kept.write_text(fingerprint, "ascii")
    sources = [p for p in (ROOT / "app/static").rglob("*") if p.is_file() and "dist" not in p.parts]
    built, wanted = stamp("assets", ROOT / "frontend.mjs", ROOT / "package-lock.json", *sources)
    if not is_fresh(built, wanted) or not (ROOT / "app/static/dist").exists():
        say("building the pages' scripts and styles")
        run(["npm", "run", "--silent", "build"], "The assets could not be built.", env=environment)
        built.write_text(wanted, "ascii")


def messages() -> None:
    """The catalogues of the pages' languages, compiled."""
    kept, fingerprint = stamp("messages", *(ROOT / "app/translations").rglob("*.po"))
    if not is_fresh(kept, fingerprint) or not list((ROOT / "app/translations").rglob("*.mo")):
        run([str(BIN / "python"), "-m", "app.messages"], "The translations could not be compiled.")
        kept.write_text(fingerprint, "ascii")


def ffmpeg() -> None:
    """ffmpeg and ffprobe from the machine, else as wheels."""
    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        install("requirements-ffmpeg")


def debian() -> None:
    """What the tests need of the system: a browser, a database server, Chinese fonts."""
    missing = [
        package
        for sign, package in DEBIAN_FOR_TESTS.items()
        if not (Path(sign).exists() if sign.startswith("/") else shutil.which(sign))
    ]
    if not missing:
        return
    names = " ".join(missing)
    if not shutil.which("apt-get"):
        raise Stop(f"The tests need these of the system, and there is no apt-get: {names}")
    say(f"installing from the system's packages: {names}")
    as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    advice = f"Install them yourself, then try again: apt-get install {names}"
    run([*as_root, "apt-get", "update", "-qq"], advice, env=quiet)
    run([*as_root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], advice, env=quiet)


def main(purpose: str) -> int:
    """Everything for `run`, and more for `test`."""
    os.chdir(ROOT)
    try:
        check_machine()
        make_venv()
        with ThreadPoolExecutor(1) as beside:
            node = beside.submit(browser_side, tests=purpose == "test") if has_node() else None
            install("requirements")
            if purpose == "test":
                install("requirements-test")
                install("requirements-face")
                debian()
            ffmpeg()
            messages()
            if node is None:
                install("requirements-node")
                browser_side(tests=purpose == "test")
            else:
                node.result()
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror}: {error.filename or ''}. Nothing was lost; try again.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
