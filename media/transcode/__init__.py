"""From a sent file to something phones can play: a copy or the first rung soon, the others in pieces, as HLS."""

from media.transcode import making
from media.transcode.desk import Desk
from media.transcode.work import work

__all__ = ["Desk", "making", "work"]
