"""What the web server of a running test site loads: the application, its clock put forward by a file.

Everything else is as users get it. `SHIFTED_CLOCK` names the file, which holds milliseconds.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

OFFSET = Path(os.environ.pop("SHIFTED_CLOCK"))


def now() -> datetime:
    """The machine's clock and the offset."""
    return datetime.now(UTC) + timedelta(milliseconds=int(OFFSET.read_text("ascii") or "0"))


def _made() -> object:
    from app import create_app

    return create_app(now=now)


app = _made()
