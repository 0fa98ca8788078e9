"""The one blueprint to which every audience's module of this feature adds its pages."""

from flask import Blueprint

bp = Blueprint("people", __name__, url_prefix="/people")
