"""The two keys of a certificate: the one that signs its claim, and the log's, which proves its place."""

from flask import current_app

from app.settings import Settings
from courses.ledger.log.notes import ED25519, Signer, Verifier


def settings() -> Settings:
    """The running application's."""
    found: Settings = current_app.extensions["xueshi_settings"]
    return found


def signer(known: Settings) -> Signer:
    """Who signs claims."""
    return Signer(known.effective_certificate_name, ED25519, known.certificate_key)


def verifiers(known: Settings) -> list[Verifier]:
    """What whoever verifies must know."""
    log = Signer(known.effective_log_origin, ED25519, known.log_key)
    return [signer(known).verifier, log.verifier]


def verify_url(known: Settings) -> str:
    """The page that a paper's code leads to."""
    return f"{known.effective_public_url}/verify/"
