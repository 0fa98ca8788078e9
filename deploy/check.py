"""Every check and test, one after the other; stops with the first failure's own words.

`python deploy/check.py lint` leaves the tests out; other words are handed to pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
LINT = (
    ("ruff", "check", "."),
    ("mypy", "--strict", "courses", "media"),
    ("djlint", "templates", "--lint", "--quiet"),
    ("python", "-m", "app.messages"),
    ("python", "-m", "app.messages", "--check"),
)


def step(*command: str) -> int:
    """Run one tool of the virtual environment with its output shown."""
    print(f"· {' '.join(command)}", flush=True)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, check=False, env=environment).returncode


def main(words: list[str]) -> int:
    """0 when everything holds."""
    for command in LINT:
        failed = step(*command)
        if failed:
            return failed
    if words == ["lint"]:
        return 0
    # One worker more than there are cores: browsers, clips and killed servers are waited for a good part of the time.
    return step("pytest", "-n", str((os.cpu_count() or 2) + 1), "--dist", "worksteal", *words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
