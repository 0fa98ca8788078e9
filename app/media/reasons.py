"""Why a file failed or waits, in sentences for an institution that knows nothing of codecs."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

FAILED = {
    "empty_file": lazy("This file is empty. Choose it again, or export it again from your editor."),
    "unreadable": lazy("This is not a video that can be read. Export it as MP4 (H.264) and upload it again."),
    "damaged": lazy("The video is damaged in the middle. Export it again from the original and upload that."),
    "cut_off": lazy("The video breaks off before its end: it was probably copied while still being recorded. Upload the whole file."),
    "no_video": lazy("There is no picture in this file, only sound. A lesson needs a video."),
    "no_duration": lazy("The file does not say how long it is. Export it again as MP4."),
    "too_short": lazy("The video is shorter than one second."),
    "too_long": lazy("The video is longer than 12 hours. Cut it into lessons."),
    "too_small": lazy("The picture is smaller than 32 pixels."),
    "too_wide": lazy("The picture is wider or higher than 8192 pixels. Export it in 1080p."),
    "too_slow": lazy("Reading this file took too long. Export it again as MP4 (H.264)."),
    "source_damaged": lazy("The file was damaged in storage. Upload it again."),
    "not_a_picture": lazy("This is not a picture that can be read. Use JPEG, PNG or WebP."),
    "picture_too_small": lazy("The picture is smaller than 64 pixels."),
    "picture_too_large": lazy("The picture has more than 50 million pixels. Make it smaller."),
    "not_a_pdf": lazy("This is not a PDF that can be read. Export it again, and upload that."),
    "pdf_locked": lazy("This PDF asks for a password. Save it without one, and upload that."),
    "pdf_pages": lazy("A handout has 1 to 300 pages. Split this one."),
    "pdf_active": lazy("This PDF holds scripts, forms that send, or other files. Print it to PDF, and upload that."),
    "pdf_slow": lazy("Drawing this PDF took too long. Print it to PDF, or make its pictures smaller."),
    "cancelled": lazy("The upload was cancelled."),
    "abandoned": lazy("The upload was not finished within 7 days."),
    "gave_up": lazy("Processing failed several times. The site's operators can see why; you need not upload again."),
}
WAITING = {
    "store_unavailable": lazy("The storage does not answer. Processing goes on by itself as soon as it does."),
    "store_full": lazy("The storage is full. Processing goes on by itself when there is room."),
    "disk_full": lazy("The storage is full. Processing goes on by itself when there is room."),
}


def why(state: str, code: str | None) -> str:
    """The sentence for an asset's state and code; empty where nothing is wrong."""
    if not code:
        return ""
    if state == "failed":
        return str(FAILED.get(code, _("The file could not be processed. Export it again as MP4 (H.264).")))
    if state == "waiting":
        return str(WAITING.get(code, _("Processing was interrupted and will be tried again by itself.")))
    return ""
