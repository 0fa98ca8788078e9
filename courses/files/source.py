"""The verifier's own source and the guide for whoever checks a file, as members of every archive."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from courses.files.archive import Member, text
from courses.ledger.log.notes import Verifier

ROOT = Path(__file__).resolve().parents[2]
# Standard library only, all of them; a test runs the copy with Python alone.
SOURCES = (
    "courses/__init__.py",
    "courses/credit/*.py",
    "courses/certificates/__init__.py",
    "courses/certificates/claim.py",
    "courses/certificates/code.py",
    "courses/certificates/verifying.py",
    "courses/files/__init__.py",
    "courses/files/__main__.py",
    "courses/files/archive.py",
    "courses/files/verifying.py",
    "courses/ledger/__init__.py",
    "courses/ledger/log/__init__.py",
    "courses/ledger/log/ed25519.py",
    "courses/ledger/log/leaves.py",
    "courses/ledger/log/notes.py",
    "courses/ledger/log/proof_files.py",
    "courses/ledger/log/tree.py",
)


def guide(kind: str, keys: Sequence[Verifier], *, site: str) -> Member:
    """The README in both languages, with the command and the keys of the site."""
    written = Path(__file__).with_name("guide.md").read_text("utf-8")
    given = " ".join(f"--key {key}" for key in keys)
    return text("README.md", written.format(kind=kind, site=site, keys=given))


def verifier() -> Iterator[Member]:
    """The source files, below `verifier/`."""
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            yield text(f"verifier/{path.relative_to(ROOT).as_posix()}", path.read_text("utf-8"))
