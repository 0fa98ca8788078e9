"""The real nginx before the site: segments leave by X-Accel-Redirect, whole and in ranges, or not at all."""

import http.client
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app import create_app
from app.settings import Settings
from tests import shelves_app
from tests.client.test_media_playing import SEGMENT, link_for, preview, shown
from tests.conftest import Clock
from tests.seaweed import free_ports

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="no nginx is installed"),
    pytest.mark.enable_socket,
]
# The locations as docs/operating.md gives them.
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{site}; }}
    location /_store/ {{
      internal;
      alias {store}/;
      add_header Access-Control-Allow-Origin $upstream_http_access_control_allow_origin;
      add_header Access-Control-Expose-Headers $upstream_http_access_control_expose_headers;
    }}
  }}
}}
"""


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Iterator[Flask]:
    made = create_app(replace(settings, accel_prefix="/_store"), now=clock)
    yield made
    made.extensions["xueshi_db"].engine.dispose()


@pytest.fixture
def port(app: Flask, tmp_path: Path) -> Iterator[int]:
    """nginx before the site; where it listens."""
    web = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    (found,) = free_ports(1)
    store = app.extensions["xueshi_store"].root
    (tmp_path / "conf").write_text(CONFIG.format(folder=tmp_path, port=found, site=web.server_port, store=store))
    assert NGINX is not None
    process = subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "conf")], start_new_session=True)
    ends_at = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < ends_at:
        try:
            ask(found, "/healthz")
        except OSError:
            time.sleep(0.05)
        else:
            break
    yield found
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(10)
    web.shutdown()
    thread.join()


def ask(port: int, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = line.getresponse()
    data = answer.read()
    line.close()
    return answer.status, data, {name.lower(): value for name, value in answer.getheaders()}


def test_segments_leave_by_nginx_in_ranges_with_the_sites_headers_and_only_by_a_good_link(
    app: Flask, port: int, now: datetime
) -> None:
    asset_id = shown(app, now)
    for_all = preview(app, asset_id).replace("master.m3u8", "360p/seg_00000.m4s")
    status, data, headers = ask(port, for_all)
    assert (status, data) == (200, SEGMENT)
    assert headers["content-type"] == "video/iso.segment"
    assert headers["cache-control"] == "public, max-age=86400, immutable"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["accept-ranges"] == "bytes"
    assert "x-accel-redirect" not in headers
    status, data, headers = ask(port, for_all, Range="bytes=10-19")
    assert (status, data, headers["content-range"]) == (206, SEGMENT[10:20], f"bytes 10-19/{len(SEGMENT)}")
    assert ask(port, for_all, Range=f"bytes={len(SEGMENT)}-")[0] == 416
    unchanged = ask(port, for_all, If_Modified_Since=headers["last-modified"])
    assert unchanged[:2] == (304, b"")

    learner = shelves_app.signed_in(app, now=now)
    mine = link_for(app, learner, asset_id, lasts=timedelta(hours=1)).replace("master.m3u8", "360p/seg_00000.m4s")
    cookie = learner.get_cookie("xueshi")
    assert cookie is not None
    status, data, headers = ask(port, mine, Cookie=f"xueshi={cookie.value}")
    assert (status, data) == (200, SEGMENT)
    assert headers["cache-control"] == "private, max-age=86400, immutable"
    assert "access-control-allow-origin" not in headers, "no other site's page may read it"
    assert ask(port, mine)[0] == 403, "a copied link"
    assert ask(port, for_all.replace("/play/", "/play/x"))[0] == 403, "a forged one"
    assert ask(port, f"/_store/hls/{asset_id}/run/360p/seg_00000.m4s")[0] == 404, "there is no other way in"
