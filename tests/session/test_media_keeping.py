"""The store against the rows, both ways, on a directory and on S3; sources under their content's hash."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.db import Database
from media import assets, captions, errors, keeping
from media.assets import Asset, AssetKind, AssetState, Rendition
from media.base import new_id
from media.keeping import Kind
from media.storage import DirectoryStore, S3Store, Store, address_of
from tests.seaweed import ACCESS_KEY, SECRET_KEY, Seaweed

CONTENT = b"a lecture" * 1000
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
INDEX = b'#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4,\nseg_00000.m4s\n'


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store: a check looks at all of it."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "store")
    server: Seaweed = request.getfixturevalue("seaweed")
    made = S3Store(
        bucket="keeping", endpoint=server.endpoint, region="us-east-1",
        access_key=ACCESS_KEY, secret_key=SECRET_KEY,
    )  # fmt: skip
    with suppress(made.client.exceptions.BucketAlreadyOwnedByYou):
        made.client.create_bucket(Bucket="keeping")
    for found in list(made.list("")):
        made.delete(found.key)
    for upload in list(made.opened()):
        made.drop_parts(upload.key, upload.ref)
    return made


def shown(session: Session, store: Store, *, source_key: str = "") -> Asset:
    """A ready video with everything that belongs to it in the store."""
    asset = Asset(
        id=new_id(), owner="o", kind=AssetKind.VIDEO, state=AssetState.READY, file_name="a.mp4",
        size_bytes=len(CONTENT), part_bytes=len(CONTENT), created_at=LONG_AGO, ready_at=LONG_AGO,
        content_hash=sha256(CONTENT).digest(),
    )  # fmt: skip
    asset.source_key = source_key or f"sources/{asset.id}/original"
    asset.hls_prefix, asset.image_prefix = f"hls/{asset.id}/run", f"images/{asset.id}/run"
    session.add(asset)
    session.flush()
    session.add(
        Rendition(
            asset_id=asset.id, name="360p", width=640, height=360, bandwidth=1, average_bandwidth=1,
            size_bytes=1, codecs="avc1",
        )
    )  # fmt: skip
    if not source_key:
        store.put(asset.source_key, CONTENT)
    store.put(f"{asset.hls_prefix}/master.m3u8", b"#EXTM3U\n360p/index.m3u8\n")
    store.put(f"{asset.hls_prefix}/360p/index.m3u8", INDEX)
    for name in ("init.mp4", "seg_00000.m4s"):
        store.put(f"{asset.hls_prefix}/360p/{name}", b"x")
    store.put(f"{asset.hls_prefix}/storyboard/index.json", b'{"sheets": ["sheet_000.jpg"]}')
    store.put(f"{asset.hls_prefix}/storyboard/sheet_000.jpg", b"x")
    store.put(f"{asset.image_prefix}/small.webp", b"x")
    return asset


def wrong(database: Database, store: Store, *, deep: bool = False, before: datetime) -> set[str]:
    """What a check finds, as `kind key`."""
    with database.reading() as session:
        wanted, videos = keeping.named(session), keeping.playlists(session)
        refs = keeping.uploads_open(session)
    found = [
        *keeping.lacking(store, wanted, videos, deep=deep),
        *keeping.unwanted(store, wanted, prefixes=keeping.PREFIXES, refs=refs, before=before),
    ]
    return {f"{finding.kind} {finding.key}" for finding in found}


@pytest.fixture
def later() -> datetime:
    """When everything that a test wrote is old."""
    return datetime.now(UTC) + timedelta(hours=1)


def test_a_source_is_kept_once_under_its_hash_and_a_twins_row_follows(
    database: Database, store: Store, later: datetime
) -> None:
    with database.writing() as session:
        first = shown(session, store)
        twin = shown(session, store, source_key=first.source_key or "")
        second = shown(session, store)
    for _twice in range(2):
        for asset in (first, second, twin):
            keeping.settle(database.writing, store, asset.id)
    address = address_of(sha256(CONTENT).digest())
    with database.reading() as session:
        kept = {session.get_one(Asset, one.id).source_key for one in (first, second, twin)}
        assert kept == {address}
        assert keeping.unsettled(session) == []
    assert store.read(address) == CONTENT
    assert [found.key for found in store.list("sources/")] == [address]
    assert wrong(database, store, deep=True, before=later) == set()


def test_a_killed_settling_goes_on_where_it_was(database: Database, store: Store) -> None:
    with database.writing() as session:
        asset = shown(session, store)
    assert asset.source_key is not None
    address = address_of(sha256(CONTENT).digest())
    store.move(asset.source_key, address)  # and then the worker died, before it wrote the row
    keeping.settle(database.writing, store, asset.id)
    with database.reading() as session:
        assert session.get_one(Asset, asset.id).source_key == address
    assert store.read(address) == CONTENT


def test_a_check_names_what_is_missing_changed_and_unwanted(
    database: Database, store: Store, later: datetime
) -> None:
    with database.writing() as session:
        whole, broken = shown(session, store), shown(session, store)
        key = captions.key_of(whole.id, "en", "1")
        store.put(key, b"WEBVTT\n")
        captions.keep(session, whole.id, owners=["o"], language="en", key=key)
    keeping.settle(database.writing, store, whole.id)
    assert broken.source_key is not None
    store.put(broken.source_key, b"shorter")
    store.delete(f"{broken.hls_prefix}/360p/seg_00000.m4s")
    store.delete(f"{broken.hls_prefix}/storyboard/sheet_000.jpg")
    store.delete(key)
    store.put(address_of(sha256(CONTENT).digest()), os.urandom(len(CONTENT)))
    store.put("hls/nobody/run/master.m3u8", b"left by a killed worker")
    store.put("elsewhere/file", b"of somebody else")
    ref = store.begin_parts("sources/nobody/original")
    before = datetime.now(UTC) - timedelta(hours=1)
    lacks = {
        f"size {broken.source_key}",
        f"missing {broken.hls_prefix}/360p/seg_00000.m4s",
        f"missing {broken.hls_prefix}/storyboard/sheet_000.jpg",
        f"missing {key}",
    }
    assert wrong(database, store, before=before) == lacks, "what is young may be in the making"
    found = wrong(database, store, deep=True, before=later)
    unended = ref if isinstance(store, DirectoryStore) else "sources/nobody/original"
    assert found == lacks | {
        f"content {address_of(sha256(CONTENT).digest())}",
        "orphan hls/nobody/run/master.m3u8",
        "strange elsewhere/file",
        f"unended {unended}",
    }


def test_orphans_go_and_nothing_else_does(
    database: Database, store: Store, later: datetime
) -> None:
    with database.writing() as session:
        asset = shown(session, store)
        failed = shown(session, store)
        failed.state, failed.last_error = AssetState.FAILED, "unreadable"
        failed.hls_prefix = failed.image_prefix = None
    store.put("elsewhere/file", b"of somebody else")
    store.begin_parts("sources/nobody/original")
    with database.reading() as session:
        wanted = keeping.named(session)
    found = list(
        keeping.unwanted(store, wanted, prefixes=keeping.PREFIXES, refs=frozenset(), before=later)
    )
    gone = {finding.kind for finding in found if keeping.remove(store, finding)}
    assert gone == {Kind.ORPHAN, Kind.UNENDED}
    assert failed.source_key is not None
    assert not store.exists(failed.source_key), "a file that cannot be read is not kept"
    assert list(store.opened()) == []
    assert store.exists("elsewhere/file")
    assert wrong(database, store, before=later) == {"strange elsewhere/file"}
    assert store.exists(asset.source_key or "")


def test_a_removed_file_leaves_what_its_twin_shares(session: Session, tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    first = shown(session, store)
    twin = shown(session, store, source_key=first.source_key or "")
    with pytest.raises(errors.NotFound):
        assets.remove(session, twin.id, owners=["somebody else"])
    keys = assets.remove(session, twin.id, owners=["o"])
    assert keys == [f"{twin.hls_prefix}/", f"{twin.image_prefix}/"]
    assert session.get(Asset, twin.id) is None
    assert first.source_key in assets.remove(session, first.id, owners=["o"])


@pytest.mark.parametrize("state", [AssetState.UPLOADING, AssetState.WAITING, AssetState.WORKING])
def test_a_file_that_is_under_way_is_not_removed(
    session: Session, tmp_path: Path, state: AssetState
) -> None:
    asset = shown(session, DirectoryStore(tmp_path))
    asset.state = state
    with pytest.raises(errors.Conflict):
        assets.remove(session, asset.id, owners=["o"])
