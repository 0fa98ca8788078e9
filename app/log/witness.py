"""`python -m app witness`: what a bureau runs on its own machine. Needs no database and no settings.

It remembers the newest checkpoint that it saw, cosigns a further one only when that extends it, and
stops with a shout where the log shows two histories. What it remembers is on the disk before it signs.
"""

import argparse
import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from app import clock
from courses.ledger.log import kept, notes, tiles, tree

MOST_BYTES = 1_000_000
TIMEOUT_S = 30


class Unwitnessed(Exception):
    """Nothing is cosigned; the message says why."""


def fetched(url: str, body: bytes | None = None) -> bytes:
    """What an address answers."""
    try:
        with urlopen(Request(url, data=body), timeout=TIMEOUT_S) as answer:  # noqa: S310  # the scheme was checked
            return bytes(answer.read(MOST_BYTES))
    except HTTPError as error:
        said = error.read(300).decode("utf-8", "replace").strip()
        raise Unwitnessed(f"{url} answers {error.code}. {said if said.startswith('{') else ''}".strip()) from error
    except (URLError, TimeoutError, ConnectionError) as error:
        raise Unwitnessed(f"{url} cannot be reached: {error}") from error


def own_key(path: Path, name: str) -> notes.Signer:
    """The witness's key; made once, readable by its owner only."""
    if not path.exists():
        if not name:
            raise Unwitnessed(f"{path} does not exist. Give --name once, and it is made.")
        made = notes.Signer(name, notes.COSIGNATURE, secrets.token_bytes(32))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made.private_text() + "\n")
    return notes.signer(path.read_text("utf-8"))


def log_key(path: Path, given: str) -> notes.Verifier:
    """The log's key, given the first time and remembered beside the state ever after."""
    beside = path.with_name(path.name + ".log-key")
    if not beside.exists():
        if not given:
            raise Unwitnessed("Give the log's verifier key once: --log-key, as its page shows it.")
        kept.write(beside, f"{notes.verifier(given)}\n")
    known = notes.verifier(beside.read_text("utf-8"))
    if given and str(known) != given.strip():
        raise Unwitnessed(f"{beside} remembers another key of the log than the one given.")
    return known


def check(url: str, remembered: notes.Checkpoint, offered: notes.Checkpoint) -> None:
    """Unwitnessed unless the offered checkpoint extends the remembered one, shown by the log's tiles."""
    fork = f"FORK: {offered.origin} showed {remembered.size} {remembered.root.hex()} before, now"
    if offered.size < remembered.size:
        raise Unwitnessed(f"{fork} {offered.size} {offered.root.hex()}: the log has gone back.")

    def fetch(level: int, tile: int, width: int) -> bytes:
        return fetched(f"{url}/tile/{level}/{tiles.path(tile, width)}")

    try:
        node = tiles.Reader(offered.size, fetch)
        path = tree.consistency(remembered.size, offered.size, node) if remembered.size < offered.size else []
        tree.check_consistency(remembered.size, offered.size, remembered.root, offered.root, path)
    except tree.BadProof as bad:
        raise Unwitnessed(f"{fork} {offered.size} {offered.root.hex()}: {bad}. Keep {url}'s files as evidence.") from bad


def witness(url: str, signer: notes.Signer, state: Path, by: notes.Verifier) -> notes.Checkpoint:
    """Fetch, check, remember, cosign and submit once; returns what was cosigned."""
    text = fetched(f"{url}/checkpoint").decode("utf-8", "replace")
    try:
        offered = notes.opened(text, by)
        remembered = kept.read(state, by)
    except notes.BadNote as bad:
        raise Unwitnessed(str(bad)) from bad
    if remembered:
        check(url, remembered, offered)
    body = notes.parts(text)[0]
    kept.write(state, notes.note(body, [notes.verified(text, by)]))
    cosigned = notes.note(body, [notes.verified(text, by), notes.sign(body, signer, at=clock.system())])
    fetched(f"{url}/cosignatures", cosigned.encode())
    return offered


def main(words: list[str], *, tell: Callable[[str], None]) -> int:
    """The command; exit status 1 where nothing was cosigned."""
    parser = argparse.ArgumentParser(prog="python -m app witness")
    parser.add_argument("--log", required=True, help="the log's address, such as https://xueshi.example/log")
    parser.add_argument("--key", required=True, type=Path, help="the file of the witness's own key")
    parser.add_argument("--state", required=True, type=Path, help="the file that remembers the log")
    parser.add_argument("--name", default="", help="the witness's name, when its key is to be made")
    parser.add_argument("--log-key", default="", help="the log's verifier key, the first time")
    asked = parser.parse_args(words)
    url = asked.log.rstrip("/")
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            raise Unwitnessed("--log takes an address that begins with http:// or https://")
        signer = own_key(asked.key, asked.name)
        tell(f"This witness: {signer.verifier}")
        with asked.state.with_name(asked.state.name + ".lock").open("w") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)  # two at once must not remember different histories
            found = witness(url, signer, asked.state, log_key(asked.state, asked.log_key))
    except (Unwitnessed, notes.BadNote) as refused:
        tell(str(refused))
        return 1
    tell(f"Cosigned {found.origin} at {found.size}, root {found.root.hex()}.")
    return 0
