"""A store in an S3 bucket: SigV4, path style, any compatible endpoint."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from media import errors
from media.storage.base import CHUNK_BYTES, Address, Found, Missing, Opened, safe, type_of

ABSENT = ("404", "NoSuchKey", "NoSuchUpload", "NotFound", "NoSuchCORSConfiguration")
FULL = ("XMinioStorageFull", "InsufficientStorage", "QuotaExceeded")
ONE_CONNECTION = TransferConfig(use_threads=False)
DELETE_AT_ONCE = 1000  # the protocol's limit
CHECKSUM = "x-amz-checksum-sha256"
CORS_ID, CORS_AGE_S = "xueshi", 3600


@contextmanager
def _told(key: str) -> Iterator[None]:
    """The client's errors as this package's."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code in ABSENT:
            raise Missing(key) from error
        if code in FULL:
            raise errors.Full() from error
        raise errors.Unavailable() from error
    except (BotoCoreError, Boto3Error) as error:
        raise errors.Unavailable() from error


def _checksum(content_hash: bytes) -> str:
    return b64encode(content_hash).decode("ascii")


def _mark(etag: str, checksum: str) -> str:
    """The service's ETag and our checksum, which it wants to hear again when the parts are joined."""
    return f"{etag} {checksum}"


class S3Store:
    """Files in one bucket, which must exist."""

    def __init__(
        self, *, bucket: str, endpoint: str = "", region: str, access_key: str, secret_key: str
    ) -> None:
        self.bucket = bucket
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=region,
            aws_access_key_id=access_key or None,
            aws_secret_access_key=secret_key or None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": 3, "mode": "standard"},
                # Trailing checksums are an AWS extension that other services refuse; the
                # signature covers the payload's SHA-256 anyway.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": safe(key)}

    def put(self, key: str, data: bytes) -> None:
        with _told(key):
            self.client.put_object(**self._at(key), Body=data, ContentType=type_of(key))

    def put_file(self, key: str, path: Path) -> None:
        with _told(key):
            self.client.upload_file(
                str(path),
                self.bucket,
                safe(key),
                ExtraArgs={"ContentType": type_of(key)},
                Config=ONE_CONNECTION,
            )

    def read(self, key: str) -> bytes:
        with _told(key):
            body: bytes = self.client.get_object(**self._at(key))["Body"].read()
        return body

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        size = self.size(key)
        end = size if length is None else min(size, start + length)
        if start >= end:
            return iter(())
        with _told(key):
            answer = self.client.get_object(**self._at(key), Range=f"bytes={start}-{end - 1}")
        return self._chunks(key, answer["Body"])

    def _chunks(self, key: str, body: Any) -> Iterator[bytes]:
        with _told(key):
            try:
                yield from body.iter_chunks(CHUNK_BYTES)
            finally:
                body.close()

    def fetch(self, key: str, path: Path) -> None:
        with path.open("wb") as file:
            for chunk in self.open(key):
                file.write(chunk)

    def local_path(self, key: str) -> Path | None:
        safe(key)
        return None

    def size(self, key: str) -> int:
        with _told(key):
            return int(self.client.head_object(**self._at(key))["ContentLength"])

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except Missing:
            return False
        return True

    def list(self, prefix: str) -> Iterator[Found]:
        with _told(prefix):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield Found(item["Key"], int(item["Size"]), item["LastModified"])

    def move(self, key: str, to: str) -> None:
        """Copied by the service itself, in parts where it is large, and then deleted here."""
        with _told(key):
            self.client.copy(self._at(key), self.bucket, safe(to), Config=ONE_CONNECTION)
        self.delete(key)

    def delete(self, key: str) -> None:
        with _told(key):
            self.client.delete_object(**self._at(key))

    def delete_all(self, prefix: str) -> None:
        if not prefix.endswith("/"):
            raise ValueError("a prefix to delete ends in a slash")
        safe(prefix[:-1])
        keys = [{"Key": found.key} for found in self.list(prefix)]
        with _told(prefix):
            for first in range(0, len(keys), DELETE_AT_ONCE):
                batch = {"Objects": keys[first : first + DELETE_AT_ONCE], "Quiet": True}
                self.client.delete_objects(Bucket=self.bucket, Delete=batch)

    def begin_parts(self, key: str) -> str:
        with _told(key):
            answer = self.client.create_multipart_upload(
                **self._at(key), ContentType=type_of(key), ChecksumAlgorithm="SHA256"
            )
        return str(answer["UploadId"])

    def put_part(self, key: str, ref: str, number: int, data: bytes, *, offset: int) -> str:
        checksum = _checksum(sha256(data).digest())
        with _told(key):
            answer = self.client.upload_part(
                **self._part(key, ref, number), Body=data, ChecksumSHA256=checksum
            )
        return _mark(answer["ETag"], checksum)

    def _part(self, key: str, ref: str, number: int) -> dict[str, Any]:
        return {**self._at(key), "UploadId": ref, "PartNumber": number}

    def part_address(
        self,
        key: str,
        ref: str,
        number: int,
        *,
        size_bytes: int,
        content_hash: bytes,
        expires_s: int,
    ) -> Address | None:
        """Length and checksum are signed with it: no other bytes are taken there."""
        checksum = _checksum(content_hash)
        url: str = self.client.generate_presigned_url(
            "upload_part",
            Params={
                **self._part(key, ref, number),
                "ContentLength": size_bytes,
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=expires_s,
        )
        return Address(url, {CHECKSUM: checksum})

    def part_mark(
        self, key: str, ref: str, number: int, *, size_bytes: int, content_hash: bytes
    ) -> str | None:
        with _told(key):
            answer = self.client.list_parts(
                **self._at(key), UploadId=ref, PartNumberMarker=number - 1, MaxParts=1
            )
        checksum = _checksum(content_hash)
        for part in answer.get("Parts", []):
            is_it = (part["PartNumber"], part["Size"]) == (number, size_bytes)
            if is_it and part.get("ChecksumSHA256", checksum) == checksum:
                return _mark(part["ETag"], checksum)
        return None

    def join_parts(self, key: str, ref: str, parts: Iterable[tuple[int, str]]) -> None:
        listed = []
        for number, mark in parts:
            etag, _space, checksum = mark.partition(" ")
            listed.append({"PartNumber": number, "ETag": etag})
            if checksum:
                listed[-1]["ChecksumSHA256"] = checksum
        try:
            with _told(key):
                self.client.complete_multipart_upload(
                    **self._at(key), UploadId=ref, MultipartUpload={"Parts": listed}
                )
        except Missing:
            if not self.exists(key):
                raise

    def drop_parts(self, key: str, ref: str) -> None:
        try:
            with _told(key):
                self.client.abort_multipart_upload(**self._at(key), UploadId=ref)
        except Missing:
            return

    def opened(self) -> Iterator[Opened]:
        with _told(""):
            pages = self.client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket):
                for item in page.get("Uploads", []):
                    yield Opened(item["Key"], item["UploadId"], item["Initiated"])

    def presign(self, key: str, *, expires_s: int) -> str | None:
        url: str = self.client.generate_presigned_url(
            "get_object", Params=self._at(key), ExpiresIn=expires_s
        )
        return url

    def allow(self, origin: str) -> None:
        rule = {
            "ID": CORS_ID,
            "AllowedOrigins": [origin],
            "AllowedMethods": ["GET", "HEAD", "PUT"],
            "AllowedHeaders": [CHECKSUM, "content-type", "range"],
            "ExposeHeaders": ["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
            "MaxAgeSeconds": CORS_AGE_S,
        }
        try:
            with _told(""):
                before = self.client.get_bucket_cors(Bucket=self.bucket)["CORSRules"]
        except Missing:
            before = []
        rules = [rule, *(other for other in before if other.get("ID") != CORS_ID)]
        with _told(""):
            self.client.put_bucket_cors(Bucket=self.bucket, CORSConfiguration={"CORSRules": rules})

    def room_bytes(self) -> int | None:
        return None

    def check(self) -> None:
        with _told(""):
            self.client.head_bucket(Bucket=self.bucket)
