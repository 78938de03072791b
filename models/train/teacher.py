"""Person labels for the mask photographs: a larger, repeated look by the COCO network.

A box is kept when the looks agree on it, or when they are unsure but a labelled face sits
where the face of that box should be. What stays unsure is painted out, never a negative.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from rich.progress import track

from models.train.boxes import iou_matrix, suppress
from models.train.detector import Detector, convert
from models.train.pictures import Picture, read_image
from models.train.transplant import person_network

SURE, MAYBE = 0.35, 0.12
SIZES = (640, 960)


@dataclass
class Labels:
    """Persons of one picture, and places where nobody knows."""

    persons: list[list[float]] = field(default_factory=list)
    unsure: list[list[float]] = field(default_factory=list)


def merge_looks(looks: list[np.ndarray], overlap: float = 0.6) -> np.ndarray:
    """One row per person: the score-weighted mean box and the mean best score of all looks."""
    everything = np.concatenate(looks)
    if not len(everything):
        return everything
    merged = []
    for seed in suppress(everything, overlap):
        rows, score = [], 0.0
        for look in looks:
            overlaps = iou_matrix(seed[None], look)[0] if len(look) else np.zeros(0)
            if len(overlaps) and overlaps.max() > overlap:
                rows.append(look[int(overlaps.argmax())])
                score += float(rows[-1][4])
        weights = np.array([row[4] for row in rows])
        box = (np.array(rows)[:, :4] * weights[:, None]).sum(axis=0) / weights.sum()
        merged.append([*box, score / len(looks)])
    return np.array(merged)


def face_fits(person: np.ndarray, face: tuple[float, float, float, float]) -> bool:
    """Whether a face box lies where the head of this person box should be."""
    width, height = person[2] - person[0], person[3] - person[1]
    across = ((face[0] + face[2]) / 2 - person[0]) / max(width, 1e-6)
    down = ((face[1] + face[3]) / 2 - person[1]) / max(height, 1e-6)
    share = (face[3] - face[1]) / max(height, 1e-6)
    return 0.1 <= across <= 0.9 and 0.0 <= down <= 0.5 and 0.04 <= share <= 0.85


def body_of(face: tuple[float, float, float, float]) -> list[float]:
    """The upper body that must hang under a face, to be painted out when nobody boxed it."""
    width, height = face[2] - face[0], face[3] - face[1]
    return [
        face[0] - 0.6 * width,
        face[1] - 0.4 * height,
        face[2] + 0.6 * width,
        face[3] + 1.6 * height,
    ]


def sort_out(found: np.ndarray, picture: Picture) -> Labels:
    """Splits merged boxes into persons and unsure places, with the faces as witnesses.

    A face vouches for one unsure box at most, and for none if a sure box already has it:
    a second box around the same head is a repetition, not a person.
    """
    labels = Labels()
    free = list(picture.faces)
    for row in sorted(found, key=lambda each: -each[4]):
        vouching = [face for face in free if face_fits(row, face.box)]
        if row[4] >= SURE or (row[4] >= MAYBE and vouching):
            labels.persons.append([round(float(v), 2) for v in row])
            centre = (row[0] + row[2]) / 2
            vouching.sort(key=lambda face: abs((face.box[0] + face.box[2]) / 2 - centre))
            free = [face for face in free if face not in vouching[:1]]
        elif row[4] >= MAYBE and not any(face_fits(row, face.box) for face in picture.faces):
            labels.unsure.append([round(float(v), 2) for v in row[:4]])
    for face in picture.faces:
        if not any(face_fits(np.array(p), face.box) for p in labels.persons):
            labels.unsure.append([round(v, 2) for v in body_of(face.box)])
    return labels


def look_at(detectors: list[Detector], image: np.ndarray) -> np.ndarray:
    """All looks at one picture, merged; the smallest size also looks at the mirror image."""
    looks = [detector(image) for detector in detectors]
    mirrored = detectors[0](np.ascontiguousarray(image[:, ::-1]))
    mirrored[:, [0, 2]] = image.shape[1] - mirrored[:, [2, 0]]
    return merge_looks([*looks, mirrored])


def label_all(pictures: list[Picture], coco: Path, cache: Path) -> dict[str, Labels]:
    """Labels per picture name; kept in `cache` so that a second run is free."""
    if cache.exists():
        return {name: Labels(**row) for name, row in json.loads(cache.read_text()).items()}
    network = person_network(coco)
    detectors = [Detector(convert(network, (size, size))) for size in SIZES]
    labels = {}
    for picture in track(pictures, "teacher"):
        labels[picture.name] = sort_out(look_at(detectors, read_image(picture.path)), picture)
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps({name: asdict(row) for name, row in labels.items()}))
    return labels
