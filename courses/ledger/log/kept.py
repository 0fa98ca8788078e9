"""The highest checkpoint that was ever signed, kept outside the database.

Written and flushed to the disk before a checkpoint can be published, so that a database restored
from an older copy is recognised: whatever it would sign next is compared with this file first.
"""

import os
from pathlib import Path

from courses.ledger.log.notes import BadNote, Checkpoint, Verifier, opened


def read(path: Path, by: Verifier) -> Checkpoint | None:
    """The checkpoint in the file; None without a file. BadNote when it is not this log's."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    try:
        return opened(text, by)
    except BadNote as bad:
        raise BadNote(f"{path}: {bad}") from bad


def write(path: Path, text: str) -> None:
    """Replace the file at once: after a crash it holds the old text or the new one, nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
