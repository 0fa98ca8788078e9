"""Verifying a training file by what it holds: signature, hashes, proofs, and every hour computed again.

Standard library only, so that it runs from the archive itself; `cryptography` makes it faster where there
is one. Cannot know what was decided after the file was made.
"""

import json
import zipfile
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from courses.certificates import verifying as certifying
from courses.credit import instants, reading, recompute
from courses.credit.evidence import BadEvidence
from courses.files import archive
from courses.ledger.log import notes, proof_files, tree

MOST_NOTE_BYTES = 64 * 1024
MOST_MANIFEST_BYTES = 64 * 1024**2
MOST_READ_BYTES = 512 * 1024**2  # of a document that is looked into
CHUNK_BYTES = 1024**2
SENTENCES = {
    "unreadable": "This is not a training file, or not all of it: %s.",
    "unknown_key": "It is signed by none of the given keys. Take the keys from the site's own page.",
    "signature": "The signature does not fit what it signs (manifest.note): it was altered.",
    "manifest": "The list of contents (manifest.json) is not the one that was signed: it was altered.",
    "altered": "%s is not what was signed: its SHA-256 differs from the list of contents.",
    "missing": "%s stands in the list of contents, and is missing.",
    "added": "%s does not stand in the list of contents: it was added later.",
    "proof": "%s does not prove its entry: it was not sealed so in the log.",
    "certificate": "%s is not a certificate as it was issued.",
    "ledger": "The statement does not show the ledger's rows as they were written: %s.",
    "hours": "The hours computed from the evidence are not those of the statement: %s.",
    "attendance": "The hours in the roster are not those of the attendance: line %s.",
}


class Refused(Exception):
    """Not what was signed, or not consistent; `code` is one of `SENTENCES`."""

    def __init__(self, code: str, what: object = "") -> None:
        sentence = SENTENCES[code]
        super().__init__(sentence % (what,) if "%s" in sentence else sentence)
        self.code = code


@dataclass(slots=True)
class Verified:
    """What a genuine file holds; `notes` are sentences on what was looked at."""

    kind: str
    about: str
    as_of: str
    signed_by: str
    files: int
    found: list[str] = field(default_factory=list)


def verify(path: Path, keys: Sequence[notes.Verifier]) -> Verified:
    """Everything that a training file can show, or Refused."""
    try:
        with zipfile.ZipFile(path) as packed:
            made = signed(packed, keys)
            if made.kind == "personal":
                made.found += personal(packed, keys)
            else:
                made.found += class_run(packed, keys)
            made.found += certificates(packed, keys)
            return made
    except (zipfile.BadZipFile, OSError, EOFError, UnicodeDecodeError) as error:
        raise Refused("unreadable", error) from error
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("unreadable", f"its documents have another form ({error})") from error


def signed(packed: zipfile.ZipFile, keys: Sequence[notes.Verifier]) -> Verified:
    """The signature first, then the list, then each file against the list."""
    names = [entry.filename for entry in packed.infolist()]
    if len(set(names)) != len(names) or not {archive.MANIFEST, archive.NOTE} <= set(names):
        raise Refused("unreadable", "manifest.json and manifest.note are not there, once each")
    note = read(packed, archive.NOTE, most=MOST_NOTE_BYTES).decode()
    by = signer_of(note, keys)
    content = read(packed, archive.MANIFEST, most=MOST_MANIFEST_BYTES)
    lines = notes.parts(note)[0].split("\n")
    if len(lines) != 6 or lines[0] != archive.FORMAT:
        raise Refused("unreadable", "what is signed is no training file")
    if lines[4] != b64encode(sha256(content).digest()).decode():
        raise Refused("manifest")
    listed = {row["name"]: row for row in json.loads(content)["files"]}
    for name in sorted(set(names) - set(listed) - {archive.MANIFEST, archive.NOTE}):
        raise Refused("added", name)
    for name, row in listed.items():
        if name not in names:
            raise Refused("missing", name)
        if hash_of(packed, name, most=row["bytes"]) != row["sha256"]:
            raise Refused("altered", name)
    return Verified(lines[1], lines[2], lines[3], by.name, len(listed))


def signer_of(note: str, keys: Sequence[notes.Verifier]) -> notes.Verifier:
    """The key that signed the note, or Refused."""
    try:
        body, lines = notes.parts(note)
    except notes.BadNote:
        raise Refused("unreadable", "manifest.note is no signed note") from None
    names = {line[len(notes.DASH) :].split(" ")[0] for line in lines}
    fitting = [key for key in keys if key.name in names]
    for key in fitting:
        try:
            notes.verified(notes.note(body, lines), key)
        except notes.BadNote as bad:
            if str(bad).startswith("not signed"):
                continue  # another key of the same name
            raise Refused("signature") from None
        return key
    raise Refused("unknown_key")


def hash_of(packed: zipfile.ZipFile, name: str, *, most: int) -> str:
    """SHA-256 of a member, read no further than it should be long."""
    hashed, size = sha256(), 0
    try:
        with packed.open(name) as file:
            while chunk := file.read(CHUNK_BYTES):
                size += len(chunk)
                if size > most:
                    break
                hashed.update(chunk)
    except zipfile.BadZipFile:
        raise Refused("altered", name) from None
    return hashed.hexdigest() if size == most else ""


def read(packed: zipfile.ZipFile, name: str, *, most: int = MOST_READ_BYTES) -> bytes:
    """A whole member, where it is not beyond all limits."""
    if packed.getinfo(name).file_size > most:
        raise Refused("unreadable", f"{name} is too long")
    return packed.read(name)


def named(packed: zipfile.ZipFile, folder: str, suffix: str) -> Iterator[str]:
    """Members of a folder, in their order."""
    for name in packed.namelist():
        if name.startswith(folder) and name.endswith(suffix):
            yield name


def personal(packed: zipfile.ZipFile, keys: Sequence[notes.Verifier]) -> Iterator[str]:
    """Rows against their proofs, the statement against the rows, the evidence against the statement."""
    rows = json.loads(read(packed, "ledger.json"))["entries"]
    yield proved(packed, rows, keys)
    if "statement.json" not in packed.namelist():
        yield "There is no statement in it: no rule was in force."
        return
    statement = json.loads(read(packed, "statement.json"))
    shown(rows, statement["entries"])
    try:
        computed = recompute.recompute(reading.parse(read(packed, "evidence.json")))
    except BadEvidence as bad:
        raise Refused("hours", bad) from bad
    for part in ("learner", "as_of", "enrolments", "requirements", "anomalies"):
        if computed[part] != statement[part]:
            raise Refused("hours", part)
    for about, hours in totals(statement["entries"]).items() | totals(computed["entries"]).items():
        if totals(computed["entries"]).get(about, 0) != hours or totals(statement["entries"]).get(about, 0) != hours:
            raise Refused("hours", about)
    total = sum(totals(computed["entries"]).values(), Fraction(0))
    yield f"Computed again from the evidence: {total} hours, as the statement says."


def proved(packed: zipfile.ZipFile, rows: list[dict[str, Any]], keys: Sequence[notes.Verifier]) -> str:
    """Each proof opens to the row as the ledger has it."""
    by_id = {row["entry"]: row for row in rows}
    count = 0
    for name in named(packed, "proofs/", ".tlog-proof"):
        said = opened(read(packed, name).decode(), keys)
        if said is None or by_id.get(said.get("entry", "")) != said:
            raise Refused("proof", name)
        count += 1
    return f"{count} of {len(rows)} ledger rows are proved to stand in the log; others were not sealed yet."


def opened(proof: str, keys: Sequence[notes.Verifier]) -> dict[str, Any] | None:
    """What a proof shows under one of the keys; None where it shows nothing."""
    for key in keys:
        try:
            return proof_files.check(proof, key)
        except (notes.BadNote, tree.BadProof, ValueError, KeyError, IndexError, TypeError):
            continue
    return None


def shown(rows: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
    """Refused unless the statement shows each row as it was written."""
    said = Counter(
        (row["kind"], instants.parse(row["at"]), Fraction(row["hours"]), row["subject"], row["policy"])
        for row in entries
    )
    for row in rows:
        line = (row["kind"], row["at"], Fraction(row["hours"]), row["about"], row["policy"])
        if not said[line]:
            raise Refused("ledger", row["entry"])
        said[line] -= 1


def totals(entries: list[dict[str, Any]]) -> dict[str, Fraction]:
    """Hours by what they are about; what sums to nothing is left out."""
    found: dict[str, Fraction] = {}
    for row in entries:
        found[row["subject"]] = found.get(row["subject"], Fraction(0)) + Fraction(row["hours"])
    return {about: hours for about, hours in found.items() if hours}


def class_run(packed: zipfile.ZipFile, keys: Sequence[notes.Verifier]) -> Iterator[str]:
    """The roster's hours against the marks of attendance; proofs where the file has any."""
    sessions = {row["id"]: Fraction(row["hours"]) for row in json.loads(read(packed, "class.json"))["sessions"]}
    roster = json.loads(read(packed, "roster.json"))["learners"]
    latest = {
        (row["line"], row["session"]): row["present"]
        for row in json.loads(read(packed, "attendance.json"))["marks"]
    }
    for line in roster:
        hours = sum((worth for one, worth in sessions.items() if latest.get((line["line"], one))), Fraction(0))
        if hours != Fraction(line["hours"]):
            raise Refused("attendance", line["line"])
    yield f"The hours of {len(roster)} learners follow from the marks of attendance."
    if "ledger.json" in packed.namelist():
        yield proved(packed, json.loads(read(packed, "ledger.json"))["entries"], keys)


def certificates(packed: zipfile.ZipFile, keys: Sequence[notes.Verifier]) -> Iterator[str]:
    """Each certificate's own proof."""
    count = 0
    for name in named(packed, "certificates/", ".tlog-proof"):
        try:
            certifying.verify_file(read(packed, name).decode(), keys)
        except certifying.Refused:
            raise Refused("certificate", name) from None
        count += 1
    if count:
        yield f"{count} certificates are genuine. Whether one was revoked since, only the site can say."
