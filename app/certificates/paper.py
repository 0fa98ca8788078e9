"""The job `certificates`: a certificate is sealed, and its paper made once, outside every transaction."""

from datetime import datetime
from hashlib import sha256
from typing import cast

from flask import Flask
from sqlalchemy.orm import Session

from app import clock, db, jobs
from app.certificates import keys
from courses.certificates import issuing, printing, sealing
from media.storage import Store


def due(session: Session, now: datetime) -> list[str]:
    """Certificates without a paper."""
    del now
    return sealing.due(session)


def make(app: Flask, certificate_id: str) -> None:
    """Seal, print, store; safe to run twice and at once, since what is printed is frozen first."""
    if not sealed(certificate_id):
        jobs.work(app, "log", "log")  # nobody waits a minute for the sweep
        if not sealed(certificate_id):
            return
    with db.reading() as session:
        found = issuing.known(session, certificate_id)
        if found.holder is None or found.seal is None:
            return
        code = sealing.code(session, found.holder, found.seal)
    document = issuing.document(found.certificate, found.holder)
    pdf = printing.pdf(document, code, verify_url=keys.verify_url(app.extensions["xueshi_settings"]))
    cast(Store, app.extensions["xueshi_store"]).put(found.certificate.key, pdf)
    with db.writing() as session:
        sealing.printed(session, certificate_id, pdf_hash=sha256(pdf).digest(), now=clock.now())


def sealed(certificate_id: str) -> bool:
    """Whether its place in the log is frozen."""
    with db.writing() as session:
        return sealing.seal(session, certificate_id, now=clock.now()) is not None
