"""`/files/keys`: the keys under which training files are checked, for whoever was handed one."""

from flask import Blueprint, render_template

from app import access
from app.access import Permission
from app.files import sending

bp = Blueprint("files_public", __name__, url_prefix="/files")


@bp.get("/keys")
@access.needs(Permission.FILES_VERIFY)
def keys() -> str:
    """The keys, and how to check a file with them."""
    return render_template("files/public/keys.html", keys=[str(key) for key in sending.verifiers()])
