"""The one blueprint on which every audience's module puts its pages."""

from flask import Blueprint

bp = Blueprint("catalogue", __name__, url_prefix="/catalogue")
