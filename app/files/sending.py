"""An archive as an answer: streamed as it is made, so that neither size nor memory grows with a life.

A failure on the way leaves an archive without its end, which every program refuses to open.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from flask import Response, current_app

from app import db
from app.settings import Settings
from courses.files import archive, source
from courses.files.archive import Head, Member
from courses.files.personal import Source
from courses.ledger.log.notes import ED25519, Signer, Verifier
from courses.people.vault import Vault


def settings() -> Settings:
    """The running application's."""
    found: Settings = current_app.extensions["xueshi_settings"]
    return found


def signer() -> Signer:
    """Who signs training files."""
    return Signer(settings().effective_file_name, ED25519, settings().file_key)


def verifiers() -> list[Verifier]:
    """What whoever verifies must know: the keys of files, certificates and log."""
    known = settings()
    return [
        signer().verifier,
        Signer(known.effective_certificate_name, ED25519, known.certificate_key).verifier,
        Signer(known.effective_log_origin, ED25519, known.log_key).verifier,
    ]


def content(vault: Vault | None = None) -> Source:
    """Where the members' content is read; with the vault, the person's own copy."""
    return Source(db.database().reading, current_app.extensions["xueshi_store"], vault)


def answer(members: Iterable[Member], *, kind: str, about: str, as_of: datetime, name: str) -> Response:
    """The archive as a download, with the guide before the members and the verifier after them."""
    guide = source.guide(kind, verifiers(), site=settings().effective_public_url)

    def whole() -> Iterator[Member]:
        yield guide
        yield from members
        yield from source.verifier()

    chunks = archive.stream(whole(), Head(kind, about, as_of), signer=signer())
    response = Response(chunks, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
