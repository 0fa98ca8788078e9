"""dlib on real photos, through the confined process that the site uses."""

import io
from pathlib import Path

import pytest
from PIL import Image

from courses.watch import faces
from tests import portraits

pytestmark = portraits.needed
LIMIT = 600_000


@pytest.fixture(scope="module")
def engine() -> faces.Engine:
    from app.faces.dlib import Dlib  # where it is not installed, nothing here runs

    return Dlib()


def test_the_engine_says_what_it_is(engine: faces.Engine) -> None:
    assert engine.name.startswith("dlib ")
    assert "unknown" not in engine.name


def test_one_person_is_near_and_another_far(engine: faces.Engine) -> None:
    given = faces.photo(portraits.first())
    assert engine.distance(given, given) == 0
    again = engine.distance(given, faces.photo(portraits.first_again()))
    other = engine.distance(given, faces.photo(portraits.second()))
    assert 0 < again < LIMIT < other
    assert engine.distance(given, faces.photo(portraits.second())) == other  # no chance in it


@pytest.mark.parametrize(
    ("photo", "kind"),
    [
        (portraits.nobody, faces.NoFace),
        (portraits.several, faces.SeveralFaces),
        (portraits.dark, faces.DarkFace),
        (portraits.far, faces.SmallFace),
    ],
)
def test_a_photo_that_shows_no_clear_face_is_said_to(
    engine: faces.Engine, photo: object, kind: type[faces.Unseen]
) -> None:
    assert callable(photo)
    with pytest.raises(kind):
        engine.look(faces.photo(photo()))
    with pytest.raises(kind):
        engine.distance(faces.photo(portraits.first()), faces.photo(photo()))


def test_nothing_of_a_photo_is_left_behind(engine: faces.Engine) -> None:
    from app.faces import dlib

    before = set(dlib.MEMORY.iterdir()) if dlib.MEMORY.is_dir() else set()
    engine.look(faces.photo(portraits.first()))
    after = set(dlib.MEMORY.iterdir()) if dlib.MEMORY.is_dir() else set()
    assert not {path for path in after - before if path.name.startswith("tmp") and list(path.glob("*.jpg"))}


def test_a_machine_that_fails_is_told_apart_from_a_face_that_differs(
    engine: faces.Engine, tmp_path: Path
) -> None:
    from app.faces.dlib import Dlib
    from media.errors import Unavailable

    broken = Dlib()
    broken._models = tmp_path
    with pytest.raises(Unavailable):
        broken.look(faces.photo(portraits.first()))


def png(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\xff\xd8\xff\xe0 not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        png((20_000, 20_000)),  # 400 million pixels in half a megabyte
        png((8, 8)),
        bytes(faces.MOST_BYTES + 1),
    ],
)
def test_what_is_no_photo_is_refused_before_any_engine(sent: bytes) -> None:
    with pytest.raises(faces.NoPicture):
        faces.photo(sent)


def test_a_photo_loses_where_and_when_it_was_taken() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Phone of Lu", 6  # the maker, and to be turned by a quarter
    Image.new("RGB", (2000, 1000), "grey").save(buffer, "JPEG", exif=exif)
    seen = Image.open(io.BytesIO(faces.photo(buffer.getvalue())))
    assert seen.size == (480, 960)
    assert not seen.getexif()
