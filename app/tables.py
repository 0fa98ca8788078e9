"""Imports every module that has tables, so that the metadata is whole."""

import importlib
import pkgutil

import courses
import media

PACKAGES = (courses, media)
SKIPPED = ("courses.credit",)


def load() -> None:
    """Import every module of the lower packages, but for the credit engine, which has no tables."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.startswith(SKIPPED):
                importlib.import_module(found.name)


load()
