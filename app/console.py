"""The operator's page: what is queued, what failed, which payments need a person. No personal data."""

from datetime import timedelta

from flask import Blueprint, Flask, current_app, render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import access, clock, db, jobs
from app.access import Permission
from courses.ledger import agreement
from courses.orders import events
from media.assets import Asset, AssetState

SHOWN = timedelta(days=30)

bp = Blueprint("console", __name__, url_prefix="/console")


@bp.get("/")
@access.needs(Permission.CONSOLE_OPERATE)
def index() -> str:
    """Media work, payment events and the sweeps, as they stand now."""
    now = clock.now()
    with db.reading() as session:
        return render_template(
            "console/index.html",
            counts=asset_counts(session),
            working=assets_in(session, AssetState.WAITING, AssetState.WORKING),
            failed=assets_in(session, AssetState.FAILED),
            events=events.needing_staff(session),
            due={name: len(rows) for name, rows in jobs.owed(session, now).items()},
            differences=agreement.since(session, now - SHOWN),
            log_fault=current_app.extensions["xueshi_log_fault"](),
            now=now,
        )


def asset_counts(session: Session) -> dict[str, int]:
    """How many assets stand in each state."""
    rows = session.execute(select(Asset.state, func.count()).group_by(Asset.state))
    found = {row[0]: row[1] for row in rows}
    return {state.value: found.get(state.value, 0) for state in AssetState}


def assets_in(session: Session, *states: AssetState) -> list[Asset]:
    """Up to fifty assets in some states, newest first."""
    query = select(Asset).where(Asset.state.in_(states)).order_by(Asset.created_at.desc()).limit(50)
    return list(session.scalars(query))


def install(app: Flask) -> None:
    """Register the page."""
    app.register_blueprint(bp)
