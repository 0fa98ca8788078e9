"""What the store has against what the rows name: sources under their content's hash, a check, orphans.

A prefix is somebody's: `named` says which keys below it are wanted, and only below such prefixes is
anything ever called an orphan. What is younger than the grace time may be in the making.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from media import documents, errors, storyboard
from media.assets import Asset, AssetState, Caption, Rendition
from media.storage import Missing, Opened, Store, address_of

GRACE = timedelta(days=14)  # twice what an unfinished upload may take
ARRIVING = "sources/%/original"
PREFIXES = ("sources/", "hls/", "images/", "captions/")


class Kind(StrEnum):
    """What can be wrong."""

    MISSING = "missing"  # a row names it, the store has it not
    SIZE = "size"  # it is there in another length
    CONTENT = "content"  # it is not what its name says
    ORPHAN = "orphan"  # no row names it
    UNENDED = "unended"  # an upload in parts that no row knows
    STRANGE = "strange"  # below a prefix that is nobody's


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and how much it takes."""

    kind: Kind
    key: str
    size_bytes: int = 0
    upload: Opened | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.key} ({self.size_bytes} bytes)"


@dataclass(frozen=True, slots=True)
class Named:
    """What rows name: single files with their size where it is known, and whole folders."""

    files: Mapping[str, int | None]
    folders: frozenset[str]

    def has(self, key: str) -> bool:
        """Whether a key is wanted."""
        return key in self.files or "/".join(key.split("/")[:3]) in self.folders


def unsettled(session: Session) -> list[str]:
    """Ready assets whose source does not lie under its content's hash yet."""
    found = select(Asset.id).where(
        Asset.state == AssetState.READY,
        Asset.content_hash.is_not(None),
        Asset.source_key.like(ARRIVING),
    )
    return list(session.scalars(found))


def settle(
    writing: Callable[[], AbstractContextManager[Session]], store: Store, asset_id: str
) -> None:
    """Keep a ready asset's source once, under its content's hash. Safe to be killed and run twice."""
    with writing() as session:
        asset = session.get(Asset, asset_id)
        if asset is None or asset_id not in unsettled(session):
            return
        assert asset.source_key is not None
        assert asset.content_hash is not None
        former, key = asset.source_key, address_of(asset.content_hash)
    if not store.exists(key):
        with suppress(Missing):  # lost; the check will say so under the name it should have
            store.move(former, key)
    with writing() as session:
        session.execute(update(Asset).where(Asset.source_key == former).values(source_key=key))
    store.delete(former)


def named(session: Session) -> Named:
    """What the rows of this package name. A failed file's source is wanted only where trying again can help."""
    files: dict[str, int | None] = {}
    folders: set[str] = set()
    for asset in session.scalars(select(Asset)):
        is_wanted = asset.state != AssetState.FAILED or asset.last_error == "gave_up"
        if asset.source_key and asset.state != AssetState.UPLOADING and is_wanted:
            files[asset.source_key] = asset.size_bytes
        folders |= {prefix for prefix in (asset.hls_prefix, asset.image_prefix) if prefix}
    files |= dict.fromkeys(session.scalars(select(Caption.key)))
    return Named(files, frozenset(folders))


def uploads_open(session: Session) -> frozenset[str]:
    """The store's names of the uploads that are going on."""
    found = select(Asset.upload_ref).where(
        Asset.state == AssetState.UPLOADING, Asset.upload_ref.is_not(None)
    )
    return frozenset(ref for ref in session.scalars(found) if ref)


def playlists(session: Session) -> list[tuple[str, tuple[str, ...]]]:
    """Of each ready video the folder and the names of its rungs."""
    found = session.execute(
        select(Asset.hls_prefix, Rendition.name)
        .join(Rendition, Rendition.asset_id == Asset.id)
        .where(Asset.state == AssetState.READY, Asset.hls_prefix.is_not(None))
        .distinct()
        .order_by(Asset.hls_prefix, Rendition.name)
    )
    rungs: dict[str, list[str]] = {}
    for prefix, name in found:
        rungs.setdefault(str(prefix), []).append(name)
    return [(prefix, tuple(names)) for prefix, names in rungs.items()]


def lacking(
    store: Store, wanted: Named, videos: Iterable[tuple[str, tuple[str, ...]]], *, deep: bool
) -> Iterator[Finding]:
    """What rows name and the store has not, or has otherwise. `deep` reads sources to the end."""
    for key, size_bytes in sorted(wanted.files.items()):
        yield from _looked_at(store, key, size_bytes, deep=deep)
    for prefix, rungs in videos:
        here = {found.key for found in store.list(prefix + "/")}
        wants = {f"{prefix}/master.m3u8"}
        for rung in rungs:
            index = f"{prefix}/{rung}/index.m3u8"
            wants.add(index)
            if index in here:
                wants |= {f"{prefix}/{rung}/{name}" for name in _names(store.read(index))}
        table = f"{prefix}/{storyboard.FOLDER}/{storyboard.TABLE}"
        if table in here:  # a lesson may be without
            sheets = storyboard.sheets_of(store.read(table))
            wants |= {f"{prefix}/{storyboard.FOLDER}/{name}" for name in sheets}
        yield from (Finding(Kind.MISSING, key) for key in sorted(wants - here))
    for prefix in sorted(folder for folder in wanted.folders if folder.startswith("images/")):
        here = {found.key for found in store.list(prefix + "/")}
        if f"{prefix}/{documents.TABLE}" in here:  # a handout, else a picture in its sizes
            pages = documents.read(store.read(f"{prefix}/{documents.TABLE}"))
            wants = {f"{prefix}/{page.name}" for page in pages}
        else:
            wants = {f"{prefix}/small.webp"}
        yield from (Finding(Kind.MISSING, key) for key in sorted(wants - here))


def _looked_at(store: Store, key: str, size_bytes: int | None, *, deep: bool) -> Iterator[Finding]:
    try:
        size = store.size(key)
        if size_bytes is not None and size != size_bytes:
            yield Finding(Kind.SIZE, key, size)
        elif deep and key.startswith("sources/") and not key.endswith("/original"):
            whole = sha256()
            for chunk in store.open(key):
                whole.update(chunk)
            if address_of(whole.digest()) != key:
                yield Finding(Kind.CONTENT, key, size)
    except Missing:
        yield Finding(Kind.MISSING, key)


def _names(playlist: bytes) -> Iterator[str]:
    for line in playlist.decode("utf-8").splitlines():
        if line.startswith("#EXT-X-MAP:"):
            yield line.partition('URI="')[2].partition('"')[0]
        elif line and not line.startswith("#"):
            yield line


def unwanted(
    store: Store,
    wanted: Named,
    *,
    prefixes: Iterable[str],
    refs: frozenset[str],
    before: datetime,
) -> Iterator[Finding]:
    """What the store has and no row names, last changed before `before`."""
    ours = tuple(prefixes)
    for found in store.list(""):
        if found.changed_at >= before or wanted.has(found.key):
            continue
        kind = Kind.ORPHAN if found.key.startswith(ours) else Kind.STRANGE
        yield Finding(kind, found.key, found.size_bytes)
    for upload in store.opened():
        if upload.ref not in refs and upload.begun_at < before:
            yield Finding(Kind.UNENDED, upload.key or upload.ref, upload=upload)


def remove(store: Store, finding: Finding) -> bool:
    """Take an orphan away; False for what is no orphan, or cannot be taken away now."""
    try:
        if finding.kind is Kind.ORPHAN:
            store.delete(finding.key)
        elif finding.upload is not None:
            store.drop_parts(finding.upload.key, finding.upload.ref)
        else:
            return False
    except errors.Unavailable:
        return False
    return True
