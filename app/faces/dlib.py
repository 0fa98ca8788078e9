"""The offline engine: dlib's detector, 5-point predictor and ResNet, each comparison in its own process.

The process is confined like those for video: no network, little memory, a few seconds. So a picture
made to break a decoder breaks nothing here, and no worker's Python waits for the arithmetic.
"""

import json
import sys
import tempfile
import threading
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import structlog

from courses.watch import faces
from media import confine, errors

log = structlog.get_logger()
PROGRAM = Path(__file__).with_name("compare.py")
LIMITS = confine.Limits(wall_s=20, cpu_s=20, memory_bytes=2 * 1024**3, file_bytes=1024**2)
AT_ONCE = 2  # comparisons of one web process; the others wait their turn
PATIENCE_S = 15
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own within; a face never touches a disk there
REFUSALS = {
    kind.code: kind for kind in (faces.NoFace, faces.SeveralFaces, faces.DarkFace, faces.SmallFace)
}


class Dlib:
    """Compares faces by the distance of two descriptors; its author calls 0.6 the limit."""

    def __init__(self) -> None:
        self.name = f"dlib {_version()}, dlib_face_recognition_resnet_model_v1"
        self._models = models()
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def look(self, picture: bytes) -> None:
        """Return where just one clear face is on a JPEG."""
        self._ask(picture)

    def distance(self, reference: bytes, picture: bytes) -> int:
        """How far apart the faces on two JPEGs are, in millionths."""
        return self._ask(reference, picture)["distance"]

    def _ask(self, *pictures: bytes) -> dict[str, int]:
        if not self._turns.acquire(timeout=PATIENCE_S):
            raise unavailable()
        try:
            with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
                folder = Path(name)
                paths = [folder / f"{number}.jpg" for number in range(len(pictures))]
                for path, picture in zip(paths, pictures, strict=True):
                    path.write_bytes(picture)
                command = [sys.executable, "-I", str(PROGRAM), str(self._models), *map(str, paths)]
                told = json.loads(confine.run(command, limits=LIMITS, folder=folder))
        except (confine.Stopped, OSError, ValueError) as error:
            log.error("faces.engine_failed", why=str(error), said=getattr(error, "log", "")[-500:])
            raise unavailable() from error
        finally:
            self._turns.release()
        if "refused" in told:
            raise REFUSALS[told["refused"]](field="photo")
        return dict(told)


def models() -> Path:
    """Where the weights lie. Importing their package would want a part of setuptools that is gone."""
    found = find_spec("face_recognition_models")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "models"


def unavailable() -> errors.Unavailable:
    """Nobody has to wait for a machine: the other way is always there."""
    return errors.Unavailable(
        "face_unavailable", "The photo cannot be compared right now. Please answer without a photo."
    )


def _version() -> str:
    for package in ("dlib-bin", "dlib"):  # as a wheel, or built by the operator
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "of unknown version"
