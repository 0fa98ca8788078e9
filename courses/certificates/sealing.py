"""A certificate's place in the log: frozen once its leaf is under a checkpoint, and what is made of it."""

from base64 import b64decode
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.certificates import claim
from courses.certificates.code import Code, Proof
from courses.certificates.models import Certificate, Holder, Printing, Seal
from courses.ledger.log import leaves, notes, proof_files, stored, tiles, tree
from courses.ledger.log.audit import Finding
from courses.ledger.log.models import Leaf, SignedCheckpoint


def signature_of(text: str, signer: notes.Signer) -> bytes:
    """The raw signature of a claim; the same for the same claim."""
    return notes.ALGORITHMS[signer.kind].sign(signer.seed, text.encode())


def due(session: Session) -> list[str]:
    """Certificates whose paper is not made yet."""
    asked = (
        select(Certificate.id)
        .join(Holder, Holder.certificate_id == Certificate.id)
        .outerjoin(Printing, Printing.certificate_id == Certificate.id)
        .where(Printing.certificate_id.is_(None))
    )
    return list(session.scalars(asked.order_by(Certificate.issued_at, Certificate.id)))


def seal(session: Session, certificate_id: str, *, now: datetime) -> Seal | None:
    """Freeze the way from the leaf to the newest checkpoint; None while no checkpoint covers the leaf."""
    session.get(Certificate, certificate_id, with_for_update=True)  # two workers at once: one way only
    known = session.get(Seal, certificate_id)
    if known is not None:
        return known
    place = session.scalar(select(Leaf.place).where(Leaf.other_id == certificate_id))
    number = None if place is None else stored.number(session, place)
    newest = stored.newest(session)
    if number is None or newest is None or number >= newest.size:
        return None
    path = tree.inclusion(number, newest.size, stored.reader(session, newest.size))
    made = Seal(certificate_id=certificate_id, number=number, size=newest.size, path=b"".join(path), at=now)
    session.add(made)
    session.flush()
    return made


def code(session: Session, holder: Holder, seal_: Seal) -> Code:
    """What the paper's code holds."""
    note = session.get_one(SignedCheckpoint, seal_.size).note
    raw = b64decode(notes.parts(note)[1][0].split(" ")[-1])  # our own line is the first
    return Code(
        claim=holder.claim,
        key_id=notes.verifier(holder.key).key_id,
        signature=holder.signature,
        proof=Proof(holder.salt, seal_.number, seal_.size, tuple(tiles.cut(seal_.path)), raw[:4], raw[4:]),
    )


def proof_file(session: Session, holder: Holder, seal_: Seal, *, document: bytes) -> str:
    """The C2SP `.tlog-proof`: checkpoint and way as at issue, cosignatures as they came in since."""
    opening = leaves.canonical(
        {
            "claim": holder.claim,
            "key": holder.key,
            "signature": holder.signature.hex(),
            "salt": holder.salt.hex(),
            "document": document.decode(),
        }
    )
    signed = stored.served(session, session.get_one(SignedCheckpoint, seal_.size))
    return proof_files.text(seal_.number, tiles.cut(seal_.path), signed, extra=opening)


def printed(session: Session, certificate_id: str, *, pdf_hash: bytes, now: datetime) -> None:
    """The paper was made and lies in the store; told twice, kept once."""
    session.get(Certificate, certificate_id, with_for_update=True)
    if session.get(Printing, certificate_id) is None:
        session.add(Printing(certificate_id=certificate_id, pdf_hash=pdf_hash, at=now))
        session.flush()


def findings(session: Session) -> list[Finding]:
    """What the audit says: each certificate has the leaf that its row commits to."""
    found = []
    rows = session.execute(
        select(Certificate, Leaf.data, Holder)
        .outerjoin(Leaf, Leaf.other_id == Certificate.id)
        .outerjoin(Holder, Holder.certificate_id == Certificate.id)
    )
    for row, leaf, holder in rows:
        if leaf != claim.leaf(row.commitment):
            found.append(Finding("certificates", row.id, "is not what the log sealed"))
        if holder and claim.commitment(holder.claim, salt=holder.salt) != row.commitment:
            found.append(Finding("certificate_holders", row.id, "the claim is not the one that was sealed"))
    return found
