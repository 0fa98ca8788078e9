"""The statement as the site shows it, as one page that needs nothing else."""

import re
from pathlib import Path

from flask import current_app, render_template
from markupsafe import Markup

from courses.files import archive
from courses.files.archive import Member
from courses.ledger.explained import Record

# In a file no link leads anywhere: those that only do something go, of the others the words stay.
DOING = re.compile(r'<(a|p)\b[^>]*class="[^"]*\bno-print\b[^"]*"[^>]*>.*?</\1>', re.DOTALL)
LINK = re.compile(r"</?a\b[^>]*>")
ICON = re.compile(r'(?<=<use href=")[^"#]*#')


def page(record: Record, *, name: str) -> Member:
    """`statement.html`, in the language of whoever asks."""
    html = render_template(
        "files/statement.html", record=record, name=name, style=built("dist/site.css"), icons=built("icons.svg")
    )
    return archive.text("statement.html", ICON.sub("#", LINK.sub("", DOING.sub("", html))))


def built(name: str) -> Markup:
    """A file of our own static folder, to stand in a page as it is."""
    return Markup((Path(current_app.static_folder or "") / name).read_text("utf-8"))  # noqa: S704  # our own build
