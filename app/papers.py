"""Evidence files between a form and the store: taken from a request, kept, and handed out as downloads.

The bytes are kept before a transaction begins and under a name made of their content, so a row that is
refused afterwards leaves nothing that anybody could reach.
"""

from collections.abc import Iterable
from typing import cast
from urllib.parse import quote

from flask import Response, current_app, request

from app import clock
from courses.ledger.cases import files
from courses.ledger.cases.files import EvidenceFile
from media.storage import Store


def store() -> Store:
    """Where files lie."""
    return cast(Store, current_app.extensions["xueshi_store"])


def taken(*, about: str, added_by: str, field: str = "file") -> list[EvidenceFile]:
    """The files of this request, judged by their content and kept; rows not written yet."""
    made = {}
    for upload in request.files.getlist(field):
        if not upload.filename:
            continue  # a file field that was left empty
        data = upload.stream.read(files.MOST_BYTES + 1)
        row = files.prepared(data, about=about, name=upload.filename, added_by=added_by, now=clock.now())
        made[row.content_hash] = (row, data)
    for row, data in made.values():
        store().put(row.key, data)
    return [row for row, _data in made.values()]


def answer(row: EvidenceFile) -> Response:
    """A file as a download: a browser never runs what somebody sent."""
    chunks: Iterable[bytes] = store().open(row.key)
    response = Response(chunks, content_type=row.media_type)
    response.headers["Content-Length"] = str(row.size_bytes)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name)}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
