"""一人一档: everything that is kept of a person's training, as members of an archive.

Read in one snapshot but for what is large: evidence, papers and files are read when their turn comes. What
an official gets is masked; the learner's own copy has the whole name and number.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import errors, oversight, policies
from courses.certificates import issuing, sealing
from courses.files import archive, retention
from courses.files.archive import Chunks, Member
from courses.ledger import evidence, export, statement
from courses.ledger.cases import appeals, claims, corrections, files
from courses.ledger.cases.files import EvidenceFile
from courses.ledger.classes.models import ClassLearner, ClassRun
from courses.ledger.log import proofs
from courses.ledger.models import Entry
from courses.people import jurisdictions, persons
from courses.people.organisations import Membership, Organisation
from courses.people.persons import Person
from courses.people.vault import Vault
from courses.policies import PolicyVersion
from media.base import to_ms
from media.storage import Store

Reading = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file's content comes from; `vault` is given for the person's own copy alone."""

    reading: Reading
    store: Store
    vault: Vault | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the store, and its name in the archive."""

    key: str
    name: str


def members(source: Source, subject_key: str, *, as_of: datetime) -> Iterator[Member]:
    """The members in their order, all but the guide, the statement's page and the verifier."""
    with source.reading() as session:
        person = persons.person_of(session, subject_key)
        made = [
            archive.document("person.json", registration(session, person, vault=source.vault, on=jurisdictions.day_of(as_of))),
            archive.document("retention.json", retention.of_person(session, person.id, on=jurisdictions.day_of(as_of)).to_json()),
            *hours(session, source, subject_key, as_of=as_of),
            *ledger(session, rows_of(session, subject_key, as_of=as_of)),
            archive.document("cases.json", cases(session, subject_key)),
            archive.document("classes.json", classes(session, subject_key)),
            archive.document("accesses.json", accesses(session, subject_key)),
            *certificates(session, subject_key),
        ]
        kept = [Kept(key, f"certificates/{number}.pdf") for number, key in papers(session, subject_key)]
        kept += [
            paper(row, f"papers/{claim.id}/{number}-")
            for claim, _decision in reversed(claims.of_subject(session, subject_key))
            for number, row in enumerate(files.of(session, claim.id), 1)
        ]
    yield from made
    yield from stored(source.store, kept)


def registration(session: Session, person: Person, *, vault: Vault | None, on: date) -> dict[str, Any]:
    """登记: who somebody is, and where they work and worked."""
    held = session.execute(
        select(Membership, Organisation)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == person.id)
        .order_by(Membership.from_on, Membership.id)
    )
    return {
        "name": persons.full_name(person, vault) if vault else person.display_name,
        "documents": [
            {
                "kind": row.doc_type,
                "country": row.country,
                "number": persons.full_number(row, vault) if vault else row.number_masked,
            }
            for row in persons.documents_of(session, person.id)
        ],
        "registered_at": ms(person.registered_at),
        "belongs_to": persons.jurisdiction_of(session, person.id, on=on),
        "worked": [
            {
                "organisation": body.name, "role": row.role, "title": row.title, "from": row.from_on.isoformat(),
                "to": row.to_on.isoformat() if row.to_on else None,
            }
            for row, body in held
        ],
        "consents": [
            {"purpose": row.purpose, "version": row.text_version, "given": row.given, "at": ms(row.at)}
            for row in persons.consents(session, persons.subject_of(session, person.id))
        ],
    }  # fmt: skip


def hours(session: Session, source: Source, subject_key: str, *, as_of: datetime) -> Iterator[Member]:
    """Statement, evidence and the rules; without a rule there is neither statement nor evidence."""
    try:
        told = statement.of(session, subject_key, as_of=as_of)
    except errors.Conflict:
        return
    yield archive.document("statement.json", told.to_json())

    def proving() -> Chunks:
        with source.reading() as later:
            return archive.json_chunks(export.document(evidence.of(later, subject_key, as_of=as_of)))

    yield Member("evidence.json", proving)
    yield from rules(policies.labelled(session, policy.name) for policy in told.evidence.policies)


def rules(versions: Iterable[PolicyVersion]) -> Iterator[Member]:
    """Rules with the texts that they rest on."""
    for row in versions:
        yield archive.document(
            f"policies/{row.label}.json",
            {
                "label": row.label,
                "title": row.document_title,
                "number": row.document_number,
                "text": row.document_text,
                "is_example": row.is_example,
                "issued_at": ms(row.issued_at),
                "effective_from": ms(row.effective_from),
                "effective_to": ms(row.effective_to),
                "rules": policies.as_rules(row),
                "prompts": row.prompts,
            },
        )


def rows_of(session: Session, subject_key: str, *, as_of: datetime) -> list[Entry]:
    """A subject's rows as they were written."""
    asked = select(Entry).where(Entry.subject_key == subject_key, Entry.written_at < as_of)
    return list(session.scalars(asked.order_by(Entry.written_at, Entry.at, Entry.id)))


def ledger(session: Session, rows: Iterable[Entry]) -> Iterator[Member]:
    """Rows of the ledger, and the proof of each that is sealed."""
    rows = list(rows)
    yield archive.document("ledger.json", {"entries": [row.content for row in rows]})
    for row in rows:
        try:
            yield archive.text(
                f"proofs/{row.id}.tlog-proof", proofs.of_entry(session, row.id, subject_key=row.subject_key)
            )
        except errors.NotFound:
            continue  # it waits to be sealed


def certificates(session: Session, subject_key: str) -> Iterator[Member]:
    """What was issued and revoked, and the proofs."""
    issued = list(reversed(issuing.of_subject(session, subject_key)))
    yield archive.document(
        "certificates.json",
        [
            {
                "number": one.certificate.id, "kind": one.certificate.kind, "issued_at": ms(one.certificate.issued_at),
                "facts": one.certificate.facts,
                "revoked": {"at": ms(one.revocation.at), "reason": one.revocation.reason} if one.revocation else None,
            }
            for one in issued
        ],
    )  # fmt: skip
    for one in issued:
        if one.holder is None or one.seal is None or one.printing is None:
            continue
        said = issuing.canonical(issuing.document(one.certificate, one.holder))
        yield archive.text(
            f"certificates/{one.certificate.id}.tlog-proof",
            sealing.proof_file(session, one.holder, one.seal, document=said),
        )


def papers(session: Session, subject_key: str) -> list[tuple[str, str]]:
    """Numbers and keys of the certificates whose paper is made."""
    issued = reversed(issuing.of_subject(session, subject_key))
    return [(one.certificate.id, one.certificate.key) for one in issued if one.is_ready]


def paper(row: EvidenceFile, prefix: str) -> Kept:
    """A file that was handed in, under a name made of its content: what people call files names people."""
    return Kept(row.key, f"{prefix}{row.fingerprint[:16]}{row.key[row.key.rfind('.'):]}")


def stored(store: Store, kept: Iterable[Kept]) -> Iterator[Member]:
    """Files of the store, in chunks; where one is lost the archive says so instead of breaking off."""
    for one in kept:
        if store.exists(one.key):
            yield Member(one.name, partial(store.open, one.key))
        else:
            yield archive.text(f"{one.name}.missing.txt", "The store does not have this file any more.\n")


def cases(session: Session, subject_key: str) -> dict[str, Any]:
    """Claims, corrections and appeals with what was decided."""
    return {
        "claims": [
            {
                "id": claim.id, "from": claim.from_where, "title": claim.title, "taken_on": claim.taken_on.isoformat(),
                "hours": str(claim.hours), "kind": claim.kind, "applied_at": ms(claim.applied_at),
                "decision": {
                    "accepted": decision.is_accepted, "factor": str(decision.factor), "note": decision.note,
                    "at": ms(decision.decided_at),
                } if decision else None,
            }
            for claim, decision in reversed(claims.of_subject(session, subject_key))
        ],
        "corrections": [
            {
                "id": row.id, "kind": row.kind, "about": row.about, "entry": row.entry_id, "hours": str(row.hours),
                "reason": row.reason_code, "note": row.note, "proposed_at": ms(row.proposed_at),
                "decision": {"approved": decision.is_approved, "note": decision.note, "at": ms(decision.decided_at)}
                if decision else None,
            }
            for row, decision in reversed(corrections.of_subject(session, subject_key))
        ],
        "appeals": [
            {
                "id": row.id, "enrolment": row.enrolment_id, "lesson": row.lesson_id, "reason": row.reason,
                "from": ms(row.wall_from), "to": ms(row.wall_to), "words": row.words, "filed_at": ms(row.filed_at),
                "state": row.state,
                "answers": [
                    {"state": note.state, "text": note.text, "at": ms(note.at)} for note in appeals.notes(session, row)
                ],
            }
            for row in reversed(appeals.of_subject(session, subject_key))
        ],
    }  # fmt: skip


def classes(session: Session, subject_key: str) -> list[dict[str, Any]]:
    """Class runs on whose roster somebody stands."""
    rows = session.execute(
        select(ClassRun, ClassLearner, Organisation.name)
        .join(ClassLearner, ClassLearner.run_id == ClassRun.id)
        .join(Organisation, Organisation.id == ClassRun.organisation_id)
        .where(ClassLearner.subject_key == subject_key)
        .order_by(ClassRun.created_at, ClassRun.id)
    )
    return [
        {"id": run.id, "title": run.title, "place": run.place, "institution": name, "state": run.state, "result": line.result}
        for run, line, name in rows
    ]


def accesses(session: Session, subject_key: str) -> list[dict[str, Any]]:
    """Who looked at the record, when and why."""
    lines = oversight.lines(session, oversight.of_subject(session, subject_key, limit=100_000))
    return [
        {
            "at": ms(line.access.at), "what": line.access.what, "reason": line.access.reason, "official": line.official,
            "bureau": line.bureau.name if line.bureau else None,
        }
        for line in reversed(lines)
    ]  # fmt: skip


def ms(at: datetime | None) -> int | None:
    """Milliseconds since 1970, as the ledger's rows have them."""
    return None if at is None else to_ms(at)
