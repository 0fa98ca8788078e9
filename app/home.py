"""The front page, the language choice, health, and the page of all components."""

from flask import Blueprint, Flask, Response, jsonify, redirect, render_template, request, session
from sqlalchemy import text

from app import access, db
from app.access import Permission

bp = Blueprint("home", __name__)


@bp.get("/healthz")
@access.needs(Permission.PUBLIC)
def alive() -> Response:
    """The process answers."""
    return jsonify(status="alive")
