"""`/log/`: checkpoint, tiles and entry bundles as C2SP tlog-tiles serves them, and what they are for."""

from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.exceptions import NotFound

from app import access, clock, db
from app.access import Permission
from app.log import sealing
from app.settings import Settings
from courses.ledger.log import cosigning, notes, proofs, stored, tiles

bp = Blueprint("log", __name__, url_prefix="/log")

FOR_EVER = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=5"
MOST_NOTE_BYTES = 20_000


def settings() -> Settings:
    """The running application's."""
    found: Settings = current_app.extensions["xueshi_settings"]
    return found


@bp.get("/")
@access.needs(Permission.LOG_READ)
def index() -> str:
    """What the log is, how it stands, and how to check it without this site."""
    by = sealing.sealer(settings()).signer.verifier
    with db.reading() as session:
        newest = stored.newest(session)
        return render_template(
            "log/index.html",
            newest=newest,
            cosigned=stored.cosigned(session, newest) if newest else [],
            growth=stored.growth(session),
            key=str(by),
            url=f"{settings().effective_public_url}/log",
        )


@bp.get("/checkpoint")
@access.needs(Permission.LOG_READ)
def checkpoint() -> Response:
    """The newest checkpoint with its cosignatures."""
    with db.reading() as session:
        newest = stored.newest(session)
        if newest is None:
            raise NotFound()
        return answer(stored.served(session, newest).encode(), "text/plain; charset=utf-8", FOR_NOW)


@bp.get("/tile/<int:level>/<path:place>")
@access.needs(Permission.LOG_READ)
def tile(level: int, place: str) -> Response:
    """Hashes of one level; a tile never changes."""
    number, width = sealed(level, place)
    with db.reading() as session:
        return answer(stored.hashes(session, level, number, width), "application/octet-stream", FOR_EVER)


@bp.get("/tile/entries/<path:place>")
@access.needs(Permission.LOG_READ)
def entries(place: str) -> Response:
    """Leaves as an entry bundle."""
    number, width = sealed(0, place)
    with db.reading() as session:
        return answer(stored.entries(session, number, width), "application/octet-stream", FOR_EVER)


def sealed(level: int, place: str) -> tuple[int, int]:
    """Tile and width; NotFound unless the newest checkpoint covers them."""
    found = tiles.parse(place)
    if found is None or level >= tiles.MOST_LEVELS:
        raise NotFound()
    with db.reading() as session:
        newest = stored.newest(session)
    if newest is None or tiles.width_at(level, found[0], newest.size) < found[1]:
        raise NotFound()
    return found


@bp.get("/proof/<entry_id>.tlog-proof")
@access.needs(Permission.LEDGER_SELF)
def proof(entry_id: str) -> Response:
    """The proof of one of one's own entries, with what opens it."""
    with db.reading() as session:
        text = proofs.of_entry(session, entry_id, subject_key=access.someone().subject_key)
    response = answer(text.encode(), "text/plain; charset=utf-8", "no-store")
    response.headers["Content-Disposition"] = f'attachment; filename="{entry_id}.tlog-proof"'
    return response


@bp.post("/cosignatures")
@access.needs(Permission.LOG_COSIGN)
def cosign() -> Response:
    """Take a witness's cosignature of one of our checkpoints."""
    witnesses = [notes.verifier(text) for text in settings().log_witnesses.split()]
    text = request.get_data(cache=False)[:MOST_NOTE_BYTES].decode("utf-8", "replace")
    with db.writing() as session:
        count = cosigning.receive(session, text, witnesses, now=clock.now())
    return Response(f"{count}\n", content_type="text/plain; charset=utf-8")


def answer(body: bytes, content_type: str, caching: str) -> Response:
    """A file of the log."""
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = caching
    return response
