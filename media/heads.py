"""What a file surely is not, told from its first bytes, so that nobody sends gigabytes in vain.

Not a proof that it can be used: only reading the whole file (`probe`, `pictures`) says that. What is
not recognised here is therefore let through.
"""

from media import errors
from media.assets import AssetKind

HEAD_BYTES = 16
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"8BPS")
SOUNDS = (b"ID3", b"fLaC", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"#!AMR")
DOCUMENTS = (b"%PDF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")
ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")
OFFICE = (".pptx", ".ppsx", ".docx", ".xlsx", ".dps", ".wps", ".et", ".odp", ".odt", ".key")
SHOWN = (b"\xff\xd8\xff", b"\x89PNG\r\n")  # and WebP, inside of RIFF


class WrongType(errors.Invalid):
    """The first bytes are those of something else."""

    code = "wrong_type"


def check(kind: AssetKind, head: bytes, *, file_name: str) -> None:
    """Refuse (`wrong_type`) a file whose first bytes are another kind's; an empty head says nothing."""
    if not head:
        return
    inside_riff = head[8:12] if head.startswith(b"RIFF") else b""
    if kind is AssetKind.IMAGE:
        if not head.startswith(SHOWN) and inside_riff != b"WEBP":
            raise WrongType(
                sentence="This is not a picture that can be shown here. Use JPEG, PNG or WebP."
            )
        return
    if kind is AssetKind.DOCUMENT:
        if not head.startswith(b"%PDF"):
            raise WrongType(sentence="This is not a PDF. Export slides and documents as PDF, and send that.")
        return
    if head.startswith(DOCUMENTS) or (head.startswith(ARCHIVES) and is_office(file_name)):
        raise WrongType(
            sentence="This is a document, not a video. Record it or export it as a video (MP4), and send that."
        )
    if head.startswith(ARCHIVES):
        raise WrongType(
            sentence="This is an archive. Unpack it, and send the videos that are in it."
        )
    if head.startswith(PICTURES) or inside_riff == b"WEBP":
        raise WrongType(sentence="This is a picture. A lesson needs a video.")
    if head.startswith(SOUNDS) or inside_riff == b"WAVE":
        raise WrongType(
            sentence="There is only sound in this file. A lesson needs a video with a picture."
        )
    if head.startswith((b"MZ", b"\x7fELF")):
        raise WrongType(sentence="This is a program, not a video.")


def is_office(file_name: str) -> bool:
    """Whether an archive is an office program's document, which its name tells alone."""
    return file_name.lower().endswith(OFFICE)
