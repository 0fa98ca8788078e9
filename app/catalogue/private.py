"""Links to videos that are not public: for staff and reviewers, bound to their own sign-in."""

from datetime import datetime, timedelta

from app import medialinks

LASTS = timedelta(hours=12)  # a working day of reviewing; the page makes a new one


def watching(asset_id: str, *, now: datetime) -> str:
    """The playlist of a draft's video, for whoever is asking and nobody else."""
    return medialinks.manifest_url(asset_id, playback_id="", expires_at=now + LASTS)
