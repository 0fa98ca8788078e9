"""From a sent file to something phones can play: the first rung soon, the others in one decode, as HLS."""

from media.transcode import further, owed
from media.transcode.work import Desk, work

__all__ = ["Desk", "further", "owed", "work"]
