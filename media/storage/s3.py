"""A store in an S3 bucket: SigV4, path style, any compatible endpoint."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from media import errors
from media.storage.base import CHUNK_BYTES, Found, Missing, safe, type_of

ABSENT = ("404", "NoSuchKey", "NoSuchUpload", "NotFound")
ONE_CONNECTION = TransferConfig(use_threads=False)
DELETE_AT_ONCE = 1000  # the protocol's limit


@contextmanager
def _told(key: str) -> Iterator[None]:
    """The client's errors as this package's."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ABSENT:
            raise Missing(key) from error
        raise errors.Unavailable() from error
    except (BotoCoreError, Boto3Error) as error:
        raise errors.Unavailable() from error


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
                    yield Found(item["Key"], int(item["Size"]))

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
            answer = self.client.create_multipart_upload(**self._at(key), ContentType=type_of(key))
        return str(answer["UploadId"])

    def put_part(self, key: str, ref: str, number: int, data: bytes, *, offset: int) -> str:
        with _told(key):
            answer = self.client.upload_part(
                **self._at(key), UploadId=ref, PartNumber=number, Body=data
            )
        return str(answer["ETag"])

    def join_parts(self, key: str, ref: str, parts: Iterable[tuple[int, str]]) -> None:
        listed = [{"PartNumber": number, "ETag": mark} for number, mark in parts]
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

    def presign(self, key: str, *, expires_s: int) -> str | None:
        url: str = self.client.generate_presigned_url(
            "get_object", Params=self._at(key), ExpiresIn=expires_s
        )
        return url

    def check(self) -> None:
        with _told(""):
            self.client.head_bucket(Bucket=self.bucket)
