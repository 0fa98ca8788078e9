"""The job `log`: entries become leaves, and the tree is signed."""

from datetime import datetime

from flask import Flask, current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import clock, db
from app.settings import Settings
from courses.ledger.log import notes, sealing
from courses.ledger.log.sealing import Sealer


def sealer(settings: Settings) -> Sealer:
    """Whose signature, and the file outside the database."""
    signer = notes.Signer(settings.effective_log_origin, notes.ED25519, settings.log_key)
    return Sealer(signer, settings.effective_log_highest)


def due(session: Session, now: datetime) -> list[str]:
    """One row that stands for the whole log."""
    del now
    return ["log"] if sealing.is_due(session) else []


def seal(app: Flask, _row_id: str) -> None:
    """Number what waits, then sign; safe to run twice and at once."""
    by = sealer(app.extensions["xueshi_settings"])
    while True:
        with db.writing() as session:
            if not sealing.grow(session, by):
                break
    with db.writing() as session:
        sealing.sign_tree(session, by, now=clock.now())


def fault() -> str:
    """Why nothing would be signed now; empty when all is well."""
    with db.reading() as session:
        try:
            sealing.compare(session, sealer(current_app.extensions["xueshi_settings"]))
        except sealing.NothingSigned as refused:
            return str(_(refused.sentence, **refused.detail))
    return ""
