"""Uploads in rows: parts, resuming, refusals. No bytes move here."""

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy.orm import Session

from media import errors, heads, uploads
from media.assets import Asset, AssetKind, AssetState

PART = uploads.PART_BYTES
MINE, THEIRS = ["institution-1"], ["institution-2"]
PRINT = "ab" * 32


def begun(session: Session, now: datetime, **changes: object) -> Asset:
    told = {
        "owner": MINE[0],
        "kind": AssetKind.VIDEO,
        "file_name": "lecture.mp4",
        "size_bytes": 2 * PART + 100,
        "fingerprint": PRINT,
        "now": now,
    }
    return uploads.begin(session, **{**told, **changes})  # type: ignore[arg-type]


def arrived(session: Session, asset: Asset, *numbers: int) -> None:
    for number in numbers:
        uploads.received(
            session,
            asset.id,
            number=number,
            size_bytes=uploads.part_size(asset, number),
            content_hash=sha256(bytes([number])).digest(),
            mark=f"mark-{number}",
        )


def test_the_last_part_is_the_rest(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    assert uploads.part_count(asset) == 3
    assert [uploads.part_size(asset, n) for n in (1, 2, 3)] == [PART, PART, 100]


def test_a_file_of_whole_parts_has_no_empty_last_one(session: Session, now: datetime) -> None:
    assert uploads.part_count(begun(session, now, size_bytes=2 * PART)) == 2


def test_parts_grow_so_that_their_number_stays_possible(session: Session, now: datetime) -> None:
    asset = begun(session, now, size_bytes=200 * 1024**3, limit_bytes=1024**4)
    assert uploads.part_count(asset) <= uploads.MOST_PARTS


def test_the_same_file_goes_on_where_it_was(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    arrived(session, asset, 1, 3)
    again = begun(session, now + timedelta(days=2))
    assert again.id == asset.id
    assert uploads.progress(session, again.id, owners=MINE).missing == [2]


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": THEIRS[0]},
        {"file_name": "other.mp4"},
        {"size_bytes": 2 * PART + 101},
        {"fingerprint": "cd" * 32},
        {"fingerprint": ""},
        {"kind": AssetKind.IMAGE, "size_bytes": 100},
    ],
)
def test_another_file_or_owner_begins_anew(
    session: Session, now: datetime, changes: dict[str, object]
) -> None:
    assert begun(session, now).id != begun(session, now, **changes).id


def test_after_seven_days_it_begins_anew(session: Session, now: datetime) -> None:
    assert begun(session, now).id != begun(session, now + timedelta(days=7)).id


def test_a_part_sent_twice_counts_once(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    arrived(session, asset, 2, 2, 2)
    assert uploads.progress(session, asset.id, owners=MINE).received == [2]


def test_a_part_that_is_here_is_said_to_be(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    arrived(session, asset, 1)
    same = sha256(bytes([1])).digest()
    found = uploads.expect(session, asset.id, owners=MINE, number=1, content_hash=same)
    assert found.is_here
    assert (found.offset, found.size_bytes) == (0, PART)


def test_a_part_with_other_content_than_before_is_refused(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    arrived(session, asset, 1)
    with pytest.raises(errors.Conflict) as refused:
        uploads.expect(session, asset.id, owners=MINE, number=1, content_hash=bytes(32))
    assert refused.value.code == "part_differs"


@pytest.mark.parametrize("number", [0, 4, -1])
def test_a_part_that_the_file_does_not_have_is_refused(
    session: Session, now: datetime, number: int
) -> None:
    asset = begun(session, now)
    with pytest.raises(errors.Invalid) as refused:
        uploads.expect(session, asset.id, owners=MINE, number=number, content_hash=bytes(32))
    assert refused.value.code == "part_unknown"


def test_wrong_size_and_wrong_checksum_are_told_apart(session: Session, now: datetime) -> None:
    asset = begun(session, now, size_bytes=5)
    expected = uploads.expect(session, asset.id, owners=MINE, number=1, content_hash=bytes(32))
    for data, code in ((b"1234", "part_size_wrong"), (b"12345", "part_damaged")):
        with pytest.raises(errors.Invalid) as refused:
            uploads.check_part(expected, data, content_hash=bytes(32))
        assert refused.value.code == code
    uploads.check_part(expected, b"12345", content_hash=sha256(b"12345").digest())


def test_missing_parts_are_named(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    arrived(session, asset, 2)
    with pytest.raises(errors.Conflict) as refused:
        uploads.whole(session, asset.id, owners=MINE)
    assert refused.value.code == "parts_missing"
    assert refused.value.detail["missing"] == [1, 3]


def test_a_whole_file_waits_for_a_worker_and_completing_twice_changes_nothing(
    session: Session, now: datetime
) -> None:
    asset = begun(session, now)
    arrived(session, asset, 3, 1, 2)
    assert uploads.whole(session, asset.id, owners=MINE) == [
        (1, "mark-1"), (2, "mark-2"), (3, "mark-3"),
    ]  # fmt: skip
    assert uploads.complete(session, asset.id, owners=MINE).state == AssetState.WAITING
    assert uploads.whole(session, asset.id, owners=MINE) == []
    assert uploads.complete(session, asset.id, owners=MINE).state == AssetState.WAITING


@pytest.mark.parametrize(
    ("size", "kind", "code"),
    [
        (0, AssetKind.VIDEO, "empty_file"),
        (-5, AssetKind.VIDEO, "empty_file"),
        (8 * 1024**3 + 1, AssetKind.VIDEO, "too_large"),
        (20 * 1024**2 + 1, AssetKind.IMAGE, "too_large"),
    ],
)
def test_sizes_that_are_refused(
    session: Session, now: datetime, size: int, kind: AssetKind, code: str
) -> None:
    with pytest.raises(errors.Invalid) as refused:
        begun(session, now, size_bytes=size, kind=kind)
    assert refused.value.code == code


def test_a_name_with_folders_loses_them(session: Session, now: datetime) -> None:
    assert begun(session, now, file_name="..\\..\\C:\\x/讲课.mp4").file_name == "讲课.mp4"


def test_for_another_institution_the_upload_is_not_there(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    for ask in (uploads.progress, uploads.whole, uploads.complete, uploads.cancel):
        with pytest.raises(errors.NotFound):
            ask(session, asset.id, owners=THEIRS)  # type: ignore[operator]


def test_a_cancelled_upload_takes_no_more_parts(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    uploads.cancel(session, asset.id, owners=MINE)
    with pytest.raises(errors.Conflict):
        arrived(session, asset, 1)
    with pytest.raises(errors.Conflict):
        uploads.expect(session, asset.id, owners=MINE, number=1, content_hash=bytes(32))
    assert begun(session, now).id != asset.id


def test_only_old_unfinished_uploads_are_abandoned(session: Session, now: datetime) -> None:
    old, young = begun(session, now), begun(session, now, file_name="b.mp4")
    young.created_at = now + timedelta(days=1)
    done = begun(session, now, file_name="c.mp4")
    done.state = AssetState.WAITING
    session.flush()
    later = now + uploads.KEPT
    assert uploads.abandoned(session, now=later) == [old.id]
    assert uploads.abandon(session, young.id, now=later) is None
    assert uploads.abandon(session, done.id, now=later) is None
    ended = uploads.abandon(session, old.id, now=later)
    assert ended is not None
    assert (ended.state, ended.last_error) == (AssetState.FAILED, "abandoned")


def test_two_requests_that_open_the_store_agree_on_the_first(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    assert uploads.attach(session, asset.id, ref="one") == "one"
    assert uploads.attach(session, asset.id, ref="two") == "one"


def promised(session: Session, asset: Asset, number: int, digest: bytes) -> uploads.Expected:
    uploads.promise(session, asset.id, number=number, size_bytes=PART, content_hash=digest)
    return uploads.expect(session, asset.id, owners=MINE, number=number, content_hash=digest)


def test_a_promised_part_has_not_arrived_and_may_be_promised_anew(
    session: Session, now: datetime
) -> None:
    asset = begun(session, now)
    first, second = sha256(b"1").digest(), sha256(b"2").digest()
    assert promised(session, asset, 1, first).is_promised
    assert uploads.progress(session, asset.id, owners=MINE).received == []
    found = uploads.expect(session, asset.id, owners=MINE, number=1, content_hash=second)
    assert (found.is_here, found.is_promised) == (False, False), "the file had changed before it left"
    assert promised(session, asset, 1, second).is_promised
    uploads.received(
        session, asset.id, number=1, size_bytes=PART, content_hash=second, mark="mark"
    )
    uploads.promise(session, asset.id, number=1, size_bytes=PART, content_hash=first)
    assert uploads.expect(session, asset.id, owners=MINE, number=1, content_hash=second).is_here


def test_what_the_store_lost_is_sent_anew(session: Session, now: datetime) -> None:
    asset = begun(session, now)
    uploads.attach(session, asset.id, ref="gone")
    arrived(session, asset, 1, 2)
    uploads.start_over(session, asset.id)
    assert asset.upload_ref is None
    assert uploads.progress(session, asset.id, owners=MINE).missing == [1, 2, 3]


def test_a_quota_counts_what_was_begun_and_not_what_failed(session: Session, now: datetime) -> None:
    size = 2 * PART + 100
    first = begun(session, now, quota_bytes=2 * size)
    assert begun(session, now, quota_bytes=1).id == first.id, "what goes on was counted before"
    begun(session, now, file_name="b.mp4", quota_bytes=2 * size)
    with pytest.raises(errors.Invalid) as refused:
        begun(session, now, file_name="c.mp4", quota_bytes=2 * size)
    assert refused.value.code == "quota_spent"
    begun(session, now, owner=THEIRS[0], quota_bytes=2 * size)
    uploads.cancel(session, first.id, owners=MINE)
    begun(session, now, file_name="c.mp4", quota_bytes=2 * size)


def test_a_file_that_the_store_has_no_room_for_is_refused_before_it_is_sent(
    session: Session, now: datetime
) -> None:
    with pytest.raises(errors.Full):
        begun(session, now, room_bytes=2 * PART)
    begun(session, now, room_bytes=3 * PART)


@pytest.mark.parametrize(
    ("kind", "name", "head", "is_refused"),
    [
        (AssetKind.VIDEO, "a.mp4", b"\x00\x00\x00 ftypisom", False),
        (AssetKind.VIDEO, "a.mkv", b"\x1a\x45\xdf\xa3", False),
        (AssetKind.VIDEO, "a.avi", b"RIFF\x00\x00\x00\x00AVI ", False),
        (AssetKind.VIDEO, "a.bin", b"who knows", False),
        (AssetKind.VIDEO, "a.mp4", b"", False),
        (AssetKind.VIDEO, "a.mp4", b"%PDF-1.7", True),
        (AssetKind.VIDEO, "a.pptx", b"PK\x03\x04", True),
        (AssetKind.VIDEO, "a.zip", b"PK\x03\x04", True),
        (AssetKind.VIDEO, "a.wav", b"RIFF\x00\x00\x00\x00WAVE", True),
        (AssetKind.VIDEO, "a.mp3", b"ID3\x04", True),
        (AssetKind.IMAGE, "a.webp", b"RIFF\x00\x00\x00\x00WEBP", False),
        (AssetKind.IMAGE, "a.jpg", b"\xff\xd8\xff\xe0", False),
        (AssetKind.IMAGE, "a.mp4", b"\x00\x00\x00 ftypisom", True),
    ],
)
def test_the_first_bytes_tell_what_is_surely_something_else(
    kind: AssetKind, name: str, head: bytes, is_refused: bool
) -> None:
    if not is_refused:
        heads.check(kind, head, file_name=name)
        return
    with pytest.raises(errors.Invalid) as refused:
        heads.check(kind, head, file_name=name)
    assert refused.value.code == "wrong_type"


def test_a_file_that_arrived_before_is_known_by_its_parts_and_only_to_its_owner(
    session: Session, now: datetime
) -> None:
    asset = begun(session, now)
    arrived(session, asset, 1, 2, 3)
    told = {"kind": AssetKind.VIDEO, "size_bytes": asset.size_bytes, "fingerprint": PRINT}
    assert uploads.sent_before(session, owner=MINE[0], **told) is None, "it is still arriving"
    uploads.complete(session, asset.id, owners=MINE)
    assert uploads.sent_before(session, owner=MINE[0], **told) is asset
    assert uploads.sent_before(session, owner=THEIRS[0], **told) is None
    hashes = b"".join(sha256(bytes([number])).digest() for number in (1, 2, 3))
    assert uploads.content_of(session, asset.id) == sha256(hashes).hexdigest()
