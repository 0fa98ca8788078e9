"""From a sent file to something phones can play: one decode, every rung, HLS in fragmented MP4."""

from media.transcode.work import Desk, work

__all__ = ["Desk", "work"]
