"""`python -m courses.credit recompute EVIDENCE.json`: the standalone verifier.

Prints the statement and ends with 0; evidence that cannot be read ends with 2, one line on
standard error and nothing on standard output. `-` reads standard input.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from courses.credit import reading, recompute
from courses.credit.evidence import BadEvidence

USAGE = "usage: python -m courses.credit recompute EVIDENCE.json  (- reads standard input)"
_LONGEST_LINE = 500


def main(arguments: Sequence[str]) -> int:
    """Run with the arguments after the module's name; returns the exit status."""
    if list(arguments) in (["-h"], ["--help"]):
        sys.stdout.write(USAGE + "\n")
        return 0
    if len(arguments) != 2 or arguments[0] != "recompute":
        return _refuse(USAGE)
    name = arguments[1]
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return _refuse(f"{name}: cannot be read: {reason}")
    try:
        found = recompute.recompute(reading.parse(content))
    except BadEvidence as error:
        return _refuse(str(error))
    printed = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    sys.stdout.buffer.write(printed.encode())
    sys.stdout.buffer.flush()
    return 0


def _refuse(message: str) -> int:
    line = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in message[:_LONGEST_LINE]
    )
    sys.stderr.buffer.write((line + "\n").encode(errors="backslashreplace"))
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
