"""Annotation: what an analysis saw, drawn into a copy of the picture. For the desk, not for events:
nobody is blurred here.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from edge_agent.vision.frame import Image

_COLOURS = {  # BGR
    "worn": (80, 170, 60),
    "incorrect": (0, 160, 240),
    "absent": (40, 40, 230),
    "unknown": (160, 160, 160),
}


def annotated(image: Image, line: dict[str, Any]) -> bytes:
    """The picture as JPEG with the boxes of this frame line, coloured by mask state; inside each
    its track (`?` while the person is hidden) and, where known, its place on the floor in metres.
    """
    drawn = image.copy()
    thick = max(1, drawn.shape[1] // 640)
    for person in line["persons"]:
        colour = _COLOURS[person["mask"]]
        for name in ("box", "head_box") if person["seen"] else ("box",):
            x1, y1, x2, y2 = (round(value) for value in person[name])
            cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, thick)
        corner = (round(person["box"][0]) + 2, round(person["box"][3]) - 4)
        size = max(0.4, drawn.shape[1] / 1600)
        cv2.putText(drawn, _words(person), corner, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick)
    _done, data = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return np.asarray(data).tobytes()


def _words(person: dict[str, Any]) -> str:
    place = person["ground_m"]
    where = f" ({place[0]:.1f}, {place[1]:.1f})" if place else ""
    return f"{person['track']} {person['mask'] if person['seen'] else '?'}{where}"
