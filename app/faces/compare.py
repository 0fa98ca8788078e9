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
RIVAL = 0.5  # a face half as wide as the nearest one is another person, smaller ones are background
DARKEST = 40  # mean brightness of a face, of 255; measured, see docs/decisions
PADDING = 0.25  # dlib's own, around a face's chip
MICRO = 1_000_000


class Refused(Exception):
    """The picture shows no face to compare; the code says why."""


def face(pixels: Any, detector: Any) -> Any:
    """Where the one face is."""
    found = sorted(detector(pixels, 0) or detector(pixels, 1), key=lambda box: box.width(), reverse=True)
    if not found:
        raise Refused("face_dark" if pixels.mean() < DARKEST else "face_missing")
    nearest = found[0]
    if any(box.width() >= RIVAL * nearest.width() for box in found[1:]):
        raise Refused("face_several")
    if nearest.width() < SMALLEST_PX:
        raise Refused("face_small")
    inside = pixels[max(0, nearest.top()) : nearest.bottom(), max(0, nearest.left()) : nearest.right()]
    if inside.mean() < DARKEST:
        raise Refused("face_dark")
    return nearest


def main(models: Path, pictures: list[Path]) -> dict[str, Any]:
    """Look at one picture, or compare two; the second is the one that can be refused."""
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))
    found = []
    try:
        for path in reversed(pictures):
            pixels = numpy.array(Image.open(path, formats=("JPEG",)).convert("RGB"))
            points = predictor(pixels, face(pixels, detector))
            found.append(numpy.array(network.compute_face_descriptor(pixels, points, 0, PADDING)))
    except Refused as refused:
        return {"refused": str(refused)}
    if len(found) == 1:
        return {}
    return {"distance": round(float(numpy.linalg.norm(found[0] - found[1]) * MICRO))}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])))
