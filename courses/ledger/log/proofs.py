"""The proof of an entry from the log as the database keeps it; the file itself is `proof_files`."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.errors import NotFound
from courses.ledger.log import leaves, proof_files, stored, tree
from courses.ledger.log.models import Leaf
from courses.ledger.models import Entry


def of_entry(session: Session, entry_id: str, *, subject_key: str) -> str:
    """The proof of one of a subject's entries; NotFound while it is not sealed, or somebody else's."""
    found = session.execute(
        select(Leaf, Entry)
        .join(Entry, Entry.id == Leaf.entry_id)
        .where(Entry.id == entry_id, Entry.subject_key == subject_key)
    ).first()
    newest = stored.newest(session)
    number = stored.number(session, found[0].place) if found else None
    if found is None or number is None or newest is None or number >= newest.size:
        raise NotFound()
    leaf, entry = found
    assert leaf.salt is not None, "an entry's leaf has one"
    opening = leaves.canonical({"entry": entry.content, "salt": leaf.salt.hex()})
    path = tree.inclusion(number, newest.size, stored.reader(session, newest.size))
    return proof_files.text(number, path, stored.served(session, newest), extra=opening)
