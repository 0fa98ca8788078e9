"""The feature's one blueprint, which its audiences' modules share."""

from flask import Blueprint

bp = Blueprint("media", __name__, url_prefix="/media")
