"""Whose the files in the store are: each feature names the keys below its prefix that rows want.

Only below a prefix that is registered here is a file that no row names an orphan, which may be removed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy.orm import Session

Keys = Callable[[Session], Iterable[str]]


@dataclass(slots=True)
class Registry:
    """The keys that are wanted, by prefix."""

    keys: dict[str, Keys] = field(default_factory=dict)


def install(app: Flask) -> None:
    """Give the application its registry."""
    app.extensions["xueshi_kept"] = Registry()


def register(app: Flask, prefix: str, keys: Keys) -> None:
    """Say that files below `prefix` are named by `keys(session)`, and by nothing else."""
    registry: Registry = app.extensions["xueshi_kept"]
    registry.keys[prefix] = keys
