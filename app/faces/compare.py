"""The program that compares faces: dlib on two JPEGs, alone in a confined process of its own.

Run as `python compare.py MODELS PICTURE [PICTURE]`; writes one JSON object: `{"distance": millionths}`,
`{}` where there was one picture, or `{"refused": code}`. Imports nothing of ours, and holds no state.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy only carries pixels, and threads cost memory

import dlib
import numpy
from PIL import Image

SMALLEST_PX = 80  # as small as dlib's detector was trained for
SURE = 0.3  # the detector's own score: buttons and folds that look like a face stay below
RIVAL = 0.5  # a face half as wide as the nearest one is another person, smaller ones are background
DARKEST = 40  # mean brightness of a face, of 255; measured, see docs/decisions
PADDING = 0.25  # dlib's own, around a face's chip
MICRO = 1_000_000


class Refused(Exception):
    """The picture shows no face to compare; the code says why."""


class Eye:
    """Finds the one face of a picture, and describes it by 128 numbers."""

    def __init__(self, models: Path) -> None:
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def describe(self, path: Path) -> Any:
        """The numbers; Refused where there is no such face."""
        pixels = numpy.array(Image.open(path, formats=("JPEG",)).convert("RGB"))
        points = self._predictor(pixels, self._face(pixels))
        return numpy.array(self._network.compute_face_descriptor(pixels, points, 0, PADDING))

    def _face(self, pixels: Any) -> Any:
        found = self._found(pixels, 0) or self._found(pixels, 1)
        if not found:
            raise Refused("face_dark" if pixels.mean() < DARKEST else "face_missing")
        nearest, *others = sorted(found, key=lambda box: box.width(), reverse=True)
        if any(box.width() >= RIVAL * nearest.width() for box in others):
            raise Refused("face_several")
        if nearest.width() < SMALLEST_PX:
            raise Refused("face_small")
        inside = pixels[max(0, nearest.top()) : nearest.bottom(), max(0, nearest.left()) : nearest.right()]
        if inside.mean() < DARKEST:
            raise Refused("face_dark")
        return nearest

    def _found(self, pixels: Any, doubled: int) -> list[Any]:
        boxes, scores, _poses = self._detector.run(pixels, doubled, 0.0)
        sure = [box for box, score in zip(boxes, scores, strict=True) if score >= SURE]
        return sure or list(boxes)


def distance(one: Any, other: Any) -> int:
    """How far apart two descriptions are, in millionths."""
    return round(float(numpy.linalg.norm(one - other)) * MICRO)


def main(models: Path, pictures: list[Path]) -> dict[str, Any]:
    """Look at one picture, or compare two; the second is the one that can be refused."""
    eye = Eye(models)
    try:
        found = [eye.describe(path) for path in reversed(pictures)]
    except Refused as refused:
        return {"refused": str(refused)}
    return {"distance": distance(*found)} if len(found) == 2 else {}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])))
