"""Handouts: a PDF becomes pages that phones can read, or says why it cannot; what an edition froze stays."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from sqlalchemy.orm import Session

from app.db import Database
from courses.catalogue import drafts, editions, facts, handouts, lessons
from media import assets, documents, errors, keeping, uploads
from media.assets import Asset, AssetKind, AssetState
from media.storage import DirectoryStore
from media.transcode import Desk, work
from tests import shelves
from tests.session.test_media_transcode import found, sent

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(
        writing=database.writing, clock=lambda: datetime.now(UTC), store=DirectoryStore(tmp_path / "store"),
        tools=lambda: pytest.fail("no ffmpeg is needed for a PDF"), scratch=tmp_path / "work",
    )  # fmt: skip


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """Two slides with words on them."""
    path = tmp_path / "课件.pdf"
    source = '#set page(width: 960pt, height: 540pt)\n= Gas before entry\n#pagebreak()\n= Watch from outside'
    path.write_bytes(typst.compile(source.encode()))
    return path


def with_object(path: Path, **names: str) -> None:
    """The PDF again, with one more action in its catalogue."""
    writer = PdfWriter(clone_from=PdfReader(path))
    action = {NameObject(f"/{key}"): NameObject(value) for key, value in names.items()}
    if names["S"] == "/JavaScript":
        action[NameObject("/JS")] = TextStringObject("app.alert(1)")
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(DictionaryObject(action))
    writer.write(path)


def with_file(path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.add_attachment("setup.exe", b"MZ")
    writer.write(path)


def locked(path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(path)


def endless(path: Path) -> None:
    writer = PdfWriter()
    for _page in range(301):
        writer.add_blank_page(100, 100)
    writer.write(path)


def test_a_pdf_becomes_pages_with_their_text(desk: Desk, slides: Path) -> None:
    asset_id = sent(desk, slides, AssetKind.DOCUMENT)
    assert work(desk, asset_id)
    asset = found(desk, asset_id)
    assert (asset.state, asset.probe) == (AssetState.READY, {"pages": 2})
    pages = documents.read(desk.store.read(f"{asset.image_prefix}/{documents.TABLE}"))
    assert [page.text for page in pages] == ["Gas before entry", "Watch from outside"]
    drawn = desk.store.local_path(f"{asset.image_prefix}/{pages[1].name}")
    assert drawn is not None
    with Image.open(drawn) as picture:
        assert picture.size == (pages[1].width, pages[1].height) == (1200, 675)
    assert drawn.stat().st_size < 60_000, "a page is light enough for a metered phone"
    with desk.writing() as session:
        wanted = keeping.named(session)
    assert list(keeping.lacking(desk.store, wanted, [], deep=False)) == []
    desk.store.delete(f"{asset.image_prefix}/{pages[0].name}")
    lacking = list(keeping.lacking(desk.store, wanted, [], deep=False))
    assert [finding.key for finding in lacking] == [f"{asset.image_prefix}/{pages[0].name}"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda path: with_object(path, S="/JavaScript"), "pdf_active"),
        (lambda path: with_object(path, S="/Launch", F="/cmd.exe"), "pdf_active"),
        (with_file, "pdf_active"),
        (locked, "pdf_locked"),
        (endless, "pdf_pages"),
        (lambda path: path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20), "not_a_pdf"),
        (lambda path: path.write_bytes(b"GIF89a"), "not_a_pdf"),
    ],
    ids=["script", "launch", "attachment", "locked", "endless", "broken", "no-pdf"],
)
def test_a_pdf_that_is_none_or_does_something_is_refused(
    slides: Path, tmp_path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    spoil(slides)
    with pytest.raises(errors.Unusable) as refused:
        documents.draw(slides, tmp_path)
    assert refused.value.code == code


def test_a_handout_is_sent_under_its_own_rules(session: Session) -> None:
    about = {"owner": "o", "kind": AssetKind.DOCUMENT, "now": AT, "file_name": "a.pdf"}
    with pytest.raises(errors.Invalid) as refused:
        uploads.begin(session, **about, size_bytes=10, head=b"PK\x03\x04 slides")
    assert refused.value.code == "wrong_type"
    with pytest.raises(errors.Invalid) as refused:
        uploads.begin(session, **about, size_bytes=51 * uploads.MIB)
    assert refused.value.code == "too_large"


def document(session: Session, owner: str, *, state: AssetState = AssetState.READY) -> Asset:
    asset = Asset(
        owner=owner, kind=AssetKind.DOCUMENT, state=state, file_name="课件.pdf", size_bytes=9, part_bytes=9,
        content_hash=bytes(32), probe={"pages": 2}, created_at=AT,
    )  # fmt: skip
    session.add(asset)
    session.flush()
    return asset


def test_an_edition_keeps_its_handouts_whatever_becomes_of_the_draft(session: Session) -> None:
    owner = shelves.institution(session)
    course = shelves.draft(session, owner, now=AT)
    lesson = lessons.in_order(session, course)[0]
    mine, late = document(session, owner.id), document(session, owner.id, state=AssetState.WAITING)
    for asset in (mine, late, mine):
        handouts.add(session, course, lesson_id=lesson.id, asset_id=asset.id, now=AT)
    missing = drafts.missing(session, course, on=AT.date())
    assert [(one.code, one.lesson_id) for one in missing] == [("handout_not_ready", lesson.id)]
    handouts.remove(session, course, lesson_id=lesson.id, asset_id=late.id, now=AT)
    before = facts.digest(facts.of_draft(session, course))
    edition = shelves.approve(session, course, now=AT)
    assert edition.facts_hash == before, "what the reviewer saw"
    drafts.begin_edition(session, course, now=AT)
    handouts.remove(session, course, lesson_id=lesson.id, asset_id=mine.id, now=AT)
    assert facts.digest(facts.of_draft(session, course)) != before
    kept = handouts.of_edition(session, edition.id, lesson_id=lesson.id)
    assert [asset.id for asset in kept] == [mine.id]
    assert editions.is_intact(edition)
    with pytest.raises(errors.Conflict), session.begin_nested():
        assets.remove(session, mine.id, owners=[owner.id])


def test_nobody_borrows_a_handout(session: Session) -> None:
    owner, other = shelves.institution(session), shelves.institution(session, name="别家")
    course = shelves.draft(session, owner, now=AT)
    lesson = lessons.in_order(session, course)[0]
    foreign = document(session, other.id)
    with pytest.raises(Exception, match="unknown_file"):
        handouts.add(session, course, lesson_id=lesson.id, asset_id=foreign.id, now=AT)
