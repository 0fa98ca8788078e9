"""The operator's commands: `python -m app COMMAND`. Each is documented in `docs/operating.md`.

`run` is the embedded default in one go: migrate, demonstrate, serve and work, until Ctrl-C.
"""

import argparse
import errno
import getpass
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from honcho.manager import Manager
from sqlalchemy.exc import OperationalError

from app import create_app, jobs
from app.settings import Settings, SettingsError, load
from courses.certificates import sealing as certifying
from courses.deletion import purge as forgetting
from courses.ledger.log import audit as auditing

ROOT = Path(__file__).resolve().parent.parent
NEEDED_BYTES = 500 * 1024**2


class Stop(Exception):
    """Cannot go on; the message is for the operator."""


def tell(text: str = "") -> None:
    """One line for the person at the terminal."""
    print(text, flush=True)


def migrations(settings: Settings) -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = settings.effective_database_url
    return config


def migrate(settings: Settings) -> None:
    """Bring the database to the newest migration."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    command.upgrade(migrations(settings), "head")


def check_port(settings: Settings) -> None:
    """Say it now, in a sentence, when the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Stop(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.") from error
            raise Stop(
                f"Port {settings.port} is in use, perhaps by Xueshi in another window. "
                f"Stop that, or choose another: XUESHI_PORT={settings.port + 1} make run"
            ) from error


def check_disk(settings: Settings) -> None:
    """Say it now, in a sentence, when the disk is full."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data_dir).free
    if free < NEEDED_BYTES:
        raise Stop(
            f"The disk under {settings.data_dir} has {free // 10**6} MB left, and this needs "
            f"{NEEDED_BYTES // 10**6} MB. Free some space, or set XUESHI_DATA_DIR to another disk."
        )


def run(settings: Settings, _words: list[str]) -> int:
    """The embedded default: everything in one terminal."""
    from app.demo import city  # only the demonstration needs it

    check_port(settings)
    check_disk(settings)
    migrate(settings)
    if settings.demo:
        app = create_app(settings)
        city.prepare(app, tell=tell)
        app.extensions["xueshi_db"].engine.dispose()
        tell(city.welcome(settings))
    else:
        tell(f"\n  {settings.effective_public_url}\n")
    manager = Manager()
    python = sys.executable
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    manager.add_process("web", f"exec {python} -m app web", env=environment, cwd=str(ROOT))
    manager.add_process("worker", f"exec {python} -m app worker", env=environment, cwd=str(ROOT))
    manager.loop()
    return 0 if manager.returncode in (0, 130, -2, None) else int(manager.returncode)


def web(settings: Settings, _words: list[str]) -> int:
    """The web server alone."""
    granian = str(Path(sys.executable).with_name("granian"))
    os.execv(granian, [
        granian, "--interface", "wsgi", "--host", settings.host, "--port", str(settings.port),
        "--workers", str(settings.web_workers), "--blocking-threads", "8", "--log-level", "error",
        "--workers-kill-timeout", "5", "wsgi:app",
    ])


def worker(settings: Settings, _words: list[str]) -> int:
    """The worker alone: jobs as they come, the sweep each minute, and a look every few seconds while idle."""
    app = create_app(settings)
    queue = app.extensions["xueshi_queue"]
    jobs.sweep(app)
    threading.Thread(target=jobs.look_out, args=(app,), daemon=True).start()
    queue.create_consumer(workers=2, worker_type="thread", periodic=True, initial_delay=0.2, max_delay=2.0).run()
    return 0


def demo(settings: Settings, _words: list[str]) -> int:
    """Make the whole demonstration city now, without waiting for the worker."""
    from app.demo import city

    migrate(settings)
    app = create_app(settings)
    city.prepare(app, tell=tell)
    city.finish(app, tell=tell)
    return 0


def reindex(settings: Settings, _words: list[str]) -> int:
    """Build the search index again from the database."""
    app = create_app(settings)
    with app.app_context():
        count = app.extensions["xueshi_reindex"]()
    tell(f"{count} courses indexed.")
    return 0


def sweep(settings: Settings, _words: list[str]) -> int:
    """Do whatever is due, in this process, and stop."""
    from app import jobs

    tell(f"{jobs.run_due(create_app(settings))} rows worked.")
    return 0


def forget_beats(settings: Settings, _words: list[str]) -> int:
    """Delete the beats of playbacks archived and past their time, and write that down."""
    app = create_app(settings)
    by = f"forget-beats, {getpass.getuser()}"
    count = app.extensions["xueshi_forget_beats"](app, days=settings.beat_days, by=by)
    tell(f"{count} playbacks keep their archive alone.")
    return 0


def witness(_settings: Settings, words: list[str]) -> int:
    """Check a log against what was seen of it before, and cosign it."""
    from app.log import witness as witnessing

    return witnessing.main(words, tell=tell)


def audit(settings: Settings, _words: list[str]) -> int:
    """Check triggers, postings, leaves, tiles and checkpoints; name everything that is wrong."""
    from app.log import sealing

    app = create_app(settings)
    with app.extensions["xueshi_db"].reading() as session:
        found = auditing.findings(session, sealing.sealer(app.extensions["xueshi_settings"]))
        found += [*certifying.findings(session), *forgetting.findings(session)]
        for finding in found:
            tell(str(finding))
        tell(f"{len(found)} findings. Looked at: {auditing.counts(session)}.")
    return 1 if found else 0


def fsck(settings: Settings, words: list[str]) -> int:
    """Check the store against the database, both ways; take orphans away where asked."""
    parser = argparse.ArgumentParser(prog="python -m app fsck")
    parser.add_argument(
        "--deep", action="store_true", help="read every source and hold it against its hash"
    )
    parser.add_argument(
        "--remove", action="store_true", help="remove orphans older than the grace time"
    )
    asked = parser.parse_args(words)
    app = create_app(settings)
    left = app.extensions["xueshi_check_store"](app, tell, deep=asked.deep, removes=asked.remove)
    return 1 if left else 0


def allow_site(settings: Settings, _words: list[str]) -> int:
    """Let the site's pages send parts to the bucket and fetch segments from it (CORS)."""
    app = create_app(settings)
    origin = settings.effective_public_url
    app.extensions["xueshi_store"].allow(origin)
    tell(f"Pages of {origin} may use the store.")
    return 0


def upgrade(settings: Settings, _words: list[str]) -> int:
    """Migrate the database and stop."""
    migrate(settings)
    return 0


COMMANDS: dict[str, Callable[[Settings, list[str]], int]] = {
    "run": run,
    "web": web,
    "worker": worker,
    "migrate": upgrade,
    "demo": demo,
    "reindex": reindex,
    "sweep": sweep,
    "forget-beats": forget_beats,
    "witness": witness,
    "audit": audit,
    "fsck": fsck,
    "allow-site": allow_site,
}


def main(words: list[str]) -> int:
    """Run a command; what goes wrong is said in a sentence, with exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Xueshi's commands")
    parser.add_argument("command", choices=COMMANDS)
    chosen, rest = parser.parse_known_args(words)
    try:
        if chosen.command == "run":
            os.environ.setdefault("XUESHI_DEMO", "yes")
            os.environ.setdefault("XUESHI_LOG_LEVEL", "WARNING")  # a terminal, not a log collector
        return COMMANDS[chosen.command](load(), rest)
    except (Stop, SettingsError) as stop:
        print(stop, file=sys.stderr)
        return 2
    except OperationalError as error:
        print(f"The database cannot be used: {error.orig}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
