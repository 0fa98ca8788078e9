"""Every store behaves alike: the same tests on a directory and on a real S3 server."""

import os
import secrets
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from media import errors
from media.storage import DirectoryStore, Missing, S3Store, Store, address_of
from media.storage.s3 import CHECKSUM
from tests.seaweed import ACCESS_KEY, BUCKET, SECRET_KEY, Seaweed

PART = 5 * 1024 * 1024  # S3's smallest


def s3(server: Seaweed, *, secret: str = SECRET_KEY, bucket: str = BUCKET) -> S3Store:
    return S3Store(
        bucket=bucket,
        endpoint=server.endpoint,
        region="us-east-1",
        access_key=ACCESS_KEY,
        secret_key=secret,
    )


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "directory":
        return DirectoryStore(tmp_path / "store")
    return s3(request.getfixturevalue("seaweed"))


@pytest.fixture
def key() -> str:
    """A key of this test's own: the S3 server is shared."""
    return f"t{secrets.token_hex(8)}/file.m4s"


def test_what_was_put_is_read(store: Store, key: str) -> None:
    store.put(key, b"lecture")
    assert store.read(key) == b"lecture"
    assert store.size(key) == 7
    assert store.exists(key)


def test_putting_again_replaces(store: Store, key: str) -> None:
    store.put(key, b"first")
    store.put(key, b"second")
    assert store.read(key) == b"second"


def test_an_empty_file_is_a_file(store: Store, key: str) -> None:
    store.put(key, b"")
    assert store.read(key) == b""
    assert b"".join(store.open(key)) == b""


def test_a_local_file_is_kept_and_fetched(store: Store, key: str, tmp_path: Path) -> None:
    content = os.urandom(700_000)
    (tmp_path / "in").write_bytes(content)
    store.put_file(key, tmp_path / "in")
    store.fetch(key, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == content


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, None, b"0123456789"), (3, 4, b"3456"), (8, 10, b"89"), (10, None, b""), (50, 1, b"")],
)
def test_a_range_is_read(
    store: Store, key: str, start: int, length: int | None, expected: bytes
) -> None:
    store.put(key, b"0123456789")
    assert b"".join(store.open(key, start=start, length=length)) == expected


def test_what_is_not_there_is_missing(store: Store, key: str, tmp_path: Path) -> None:
    assert not store.exists(key)
    for read in (store.read, store.size, store.open, lambda k: store.fetch(k, tmp_path / "x")):
        with pytest.raises(Missing):
            read(key)


def test_deleting_twice_is_no_error(store: Store, key: str) -> None:
    store.put(key, b"x")
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)


def test_a_folder_is_listed_in_order_and_deleted_alone(store: Store) -> None:
    top = f"t{secrets.token_hex(8)}"
    for name in ("b/2.m4s", "b/1.m4s", "a/1.m4s", "bb/1.m4s"):
        store.put(f"{top}/{name}", name.encode())
    assert [f.key.removeprefix(top) for f in store.list(f"{top}/b/")] == ["/b/1.m4s", "/b/2.m4s"]
    assert [f.size_bytes for f in store.list(f"{top}/b/")] == [7, 7]
    store.delete_all(f"{top}/b/")
    assert [f.key.removeprefix(top) for f in store.list(f"{top}/")] == ["/a/1.m4s", "/bb/1.m4s"]


def test_parts_in_any_order_and_twice_make_the_whole(store: Store, key: str) -> None:
    content = os.urandom(2 * PART + 1234)
    ref = store.begin_parts(key)
    assert not store.exists(key)
    marks: dict[int, str] = {}
    for number in (3, 1, 2, 1):
        data = content[(number - 1) * PART : number * PART]
        marks[number] = store.put_part(key, ref, number, data, offset=(number - 1) * PART)
    store.join_parts(key, ref, sorted(marks.items()))
    assert b"".join(store.open(key)) == content
    store.join_parts(key, ref, sorted(marks.items()))  # told twice, done once
    assert store.size(key) == len(content)


def test_dropped_parts_leave_nothing(store: Store, key: str) -> None:
    ref = store.begin_parts(key)
    store.put_part(key, ref, 1, b"x" * PART, offset=0)
    store.drop_parts(key, ref)
    store.drop_parts(key, ref)
    assert not store.exists(key)
    with pytest.raises((errors.Unavailable, Missing)):
        store.put_part(key, ref, 2, b"y", offset=PART)


def test_an_upload_that_nobody_ended_is_listed_with_its_beginning(store: Store, key: str) -> None:
    ref = store.begin_parts(key)
    began = next(found.begun_at for found in store.opened() if found.ref == ref)
    assert abs(datetime.now(UTC) - began) < timedelta(minutes=5)
    store.drop_parts(key, ref)
    assert ref not in [found.ref for found in store.opened()]


def test_a_file_moves_to_another_key(store: Store, key: str) -> None:
    content = os.urandom(700_000)
    store.put(key, content)
    to = address_of(sha256(content).digest())
    store.move(key, to)
    assert b"".join(store.open(to)) == content
    assert not store.exists(key)
    with pytest.raises(Missing):
        store.move(key, to)
    assert store.exists(to)


@pytest.mark.parametrize(
    "bad", ["../x", "/etc/passwd", "a//b", ".hidden", "a/.b", "A/b", "a/", "", "a\0b", "x" * 201]
)
def test_an_unsafe_key_is_refused(store: Store, bad: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        store.put(bad, b"x")
    with pytest.raises(ValueError, match="not a key"):
        store.read(bad)


def test_a_store_that_answers_passes_the_check(store: Store) -> None:
    store.check()


def test_the_directory_shows_no_half_written_file(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put("a/file.m4s", b"whole")
    with pytest.raises(errors.Unavailable):
        store.put_file("a/file.m4s", tmp_path / "nothing")
    assert store.read("a/file.m4s") == b"whole"
    assert list((tmp_path / ".new").iterdir()) == []
    assert [found.key for found in store.list("")] == ["a/file.m4s"]


def test_the_directory_refuses_a_foreign_upload(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not an upload"):
        DirectoryStore(tmp_path).put_part("a/b", "../../x", 1, b"x", offset=0)


def test_s3_refuses_a_wrong_signature(seaweed: Seaweed) -> None:
    with pytest.raises(errors.Unavailable):
        s3(seaweed, secret="wrong").put("a/b.m4s", b"x")
    with pytest.raises(errors.Unavailable):
        s3(seaweed, secret="wrong").check()


def fetched(url: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    asked = urllib.request.Request(
        url,
        data=data,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        method="GET" if data is None else "PUT",
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def test_a_presigned_address_works_with_ranges_and_only_unchanged(seaweed: Seaweed, key: str) -> None:
    store = s3(seaweed)
    store.put(key, b"0123456789")
    url = store.presign(key, expires_s=60)
    assert url is not None
    assert fetched(url) == (200, b"0123456789")
    assert fetched(url, Range="bytes=2-4") == (206, b"234")
    assert fetched(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))[0] == 403
    assert fetched(url.replace("file.m4s", "other.m4s"))[0] == 403
    assert fetched(url.split("?")[0])[0] == 403


def test_a_presigned_address_of_another_key_holder_is_refused(seaweed: Seaweed, key: str) -> None:
    s3(seaweed).put(key, b"x")
    url = s3(seaweed, secret="wrong").presign(key, expires_s=60)
    assert url is not None
    assert fetched(url)[0] == 403


def test_a_presigned_address_ends(seaweed: Seaweed, key: str) -> None:
    store = s3(seaweed)
    store.put(key, b"x")
    url = store.presign(key, expires_s=1)
    assert url is not None
    time.sleep(2.1)  # the service counts whole seconds
    assert fetched(url)[0] == 403


def test_parts_go_straight_to_s3_and_only_the_promised_bytes_are_taken(
    seaweed: Seaweed, key: str
) -> None:
    store = s3(seaweed)
    content = os.urandom(PART + 1234)
    ref = store.begin_parts(key)
    marks = []
    for number, data in ((1, content[:PART]), (2, content[PART:])):
        told = {"size_bytes": len(data), "content_hash": sha256(data).digest()}
        address = store.part_address(key, ref, number, expires_s=60, **told)
        assert address is not None
        headers = {name.replace("-", "_"): value for name, value in address.headers.items()}
        damaged = data[:-1] + bytes([data[-1] ^ 1])
        assert fetched(address.url, damaged, **headers)[0] == 400, "damaged on the way"
        assert fetched(address.url, data + b"!", **headers)[0] == 403, "longer than promised"
        assert fetched(address.url, data)[0] == 403, "without its checksum"
        elsewhere = address.url.replace(f"partNumber={number}", "partNumber=7")
        assert fetched(elsewhere, data, **headers)[0] == 403, "another part"
        assert store.part_mark(key, ref, number, **told) is None
        assert fetched(address.url, data, **headers)[0] == 200
        mark = store.part_mark(key, ref, number, **told)
        assert mark is not None
        assert store.part_mark(key, ref, number, size_bytes=1, content_hash=bytes(32)) is None
        marks.append((number, mark))
    store.join_parts(key, ref, marks)
    assert b"".join(store.open(key)) == content


def test_a_part_address_of_another_key_holder_or_past_its_time_is_refused(
    seaweed: Seaweed, key: str
) -> None:
    ref = s3(seaweed).begin_parts(key)
    data = b"x" * 100
    for secret, expires_s in (("wrong", 60), (SECRET_KEY, 1)):
        address = s3(seaweed, secret=secret).part_address(
            key, ref, 1, size_bytes=100, content_hash=sha256(data).digest(), expires_s=expires_s
        )
        assert address is not None
        if expires_s == 1:
            time.sleep(2.1)
        assert fetched(address.url, data, x_amz_checksum_sha256=address.headers[CHECKSUM])[0] == 403


def test_a_directory_has_no_way_past_the_site(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    ref = store.begin_parts("a/b")
    told = {"size_bytes": 1, "content_hash": bytes(32)}
    assert store.part_address("a/b", ref, 1, expires_s=60, **told) is None
    assert store.part_mark("a/b", ref, 1, **told) is None
    assert (store.room_bytes() or 0) >= 0


def test_only_our_own_pages_may_use_the_bucket(seaweed: Seaweed, key: str) -> None:
    store = s3(seaweed, bucket="elsewhere")
    store.client.create_bucket(Bucket="elsewhere")
    other = {"ID": "theirs", "AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET"]}
    store.client.put_bucket_cors(Bucket="elsewhere", CORSConfiguration={"CORSRules": [other]})
    for _twice in range(2):
        store.allow("https://xueshi.example")
    rules = store.client.get_bucket_cors(Bucket="elsewhere")["CORSRules"]
    assert sorted(rule["AllowedOrigins"][0] for rule in rules) == [
        "https://a.example", "https://xueshi.example",
    ]  # fmt: skip


def test_an_s3_that_does_not_answer_is_unavailable() -> None:
    store = S3Store(
        bucket="b", endpoint="http://127.0.0.1:9", region="r", access_key="a", secret_key="s"
    )
    with pytest.raises(errors.Unavailable):
        store.put("a/b.m4s", b"x")
