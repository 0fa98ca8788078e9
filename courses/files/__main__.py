"""`python -m courses.files verify ARCHIVE --key KEY --key KEY`: the verifier of training files.

Prints what it found and ends with 0; a file that is not what was signed ends with 1, bad use with 2.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from courses.files import verifying
from courses.ledger.log import notes


def main(words: Sequence[str]) -> int:
    """Run with the arguments after the module's name; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m courses.files")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check a training file")
    verify.add_argument("archive", type=Path, help="the .zip as it was downloaded")
    verify.add_argument("--key", action="append", required=True, help="a verifier key, as the site's page shows them")
    asked = parser.parse_args(words)
    try:
        keys = [notes.verifier(text) for text in asked.key]
    except notes.BadNote as bad:
        return say(f"--key: {bad}", 2)
    if not asked.archive.is_file():
        return say(f"{asked.archive}: there is no such file", 2)
    try:
        found = verifying.verify(asked.archive, keys)
    except verifying.Refused as refused:
        return say(str(refused), 1)
    lines = [
        "GENUINE",
        f"kind       {found.kind}",
        f"about      {found.about}",
        f"as of      {found.as_of}",
        f"signed by  {found.signed_by}",
        f"files      {found.files}, each as it was signed",
        *found.found,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def say(sentence: str, status: int) -> int:
    """One line of refusal."""
    sys.stderr.write(sentence + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
