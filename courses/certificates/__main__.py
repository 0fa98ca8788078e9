"""`python -m courses.certificates verify CODE --key KEY --key KEY`: the verifier without network and site.

CODE is what the QR code holds, its digits, or the file of a `.tlog-proof`; `-` reads standard input.
Prints what it says and ends with 0; whatever is not genuine ends with 1, and bad use with 2.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from courses.certificates import verifying
from courses.ledger.log import notes

UNKNOWN = "Whether it was revoked since, only the site can say: look its number up on the page that the paper names."


def main(words: Sequence[str]) -> int:
    """Run with the arguments after the module's name; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m courses.certificates")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check a certificate by its code or its .tlog-proof")
    verify.add_argument("code", help="the code's text, a .tlog-proof file, or - for standard input")
    verify.add_argument("--key", action="append", required=True, help="a verifier key, as the site's page shows both")
    asked = parser.parse_args(words)
    try:
        keys = [notes.verifier(text) for text in asked.key]
    except notes.BadNote as bad:
        return say(f"--key: {bad}", 2)
    try:
        text = content(asked.code)
    except (OSError, UnicodeDecodeError) as error:
        return say(f"{asked.code}: cannot be read: {error}", 2)
    try:
        is_file = text.startswith(verifying.PROOF_HEAD)
        found = verifying.verify_file(text, keys) if is_file else verifying.verify(text, keys)
    except verifying.Refused as refused:
        return say(str(refused), 1)
    sys.stdout.write("\n".join(lines(found)) + "\n")
    return 0


def content(given: str) -> str:
    """The text that was given, in the file that was named, or from standard input."""
    if given == "-":
        return sys.stdin.read()
    return Path(given).read_text("utf-8") if given.endswith(".tlog-proof") else given


def lines(found: verifying.Verified) -> list[str]:
    """What a genuine certificate says."""
    said = found.claim
    where = f"sealed in {found.log}, among its first {found.size} leaves" if found.log else "not in this code; see its .tlog-proof"
    return [
        "GENUINE",
        f"certificate  {said.certificate}",
        f"kind         {said.kind}",
        f"issued       {said.issued_on}",
        f"name         {said.name}",
        f"document     {said.document}",
        f"hours        {said.hours}",
        f"about        {said.title}",
        f"period       {said.from_on} to {said.to_on}",
        f"policy       {', '.join(said.policies)}",
        f"log          {where}",
        UNKNOWN,
    ]


def say(sentence: str, status: int) -> int:
    """One line of refusal."""
    sys.stderr.write(sentence + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
