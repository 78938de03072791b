"""Where the head is in a person box: the one rule shared by training and the running product.

Measured on 4,929 labelled faces paired with person boxes (standing, half-body, close-up): the
face side is 0.34 of the box width at nearly every aspect, between 0.09 and 0.40 of the height,
and its centre lies 1.1 face sides under the box top and at half the width.
"""

from __future__ import annotations

FACE_OF_WIDTH = 0.34
FACE_OF_HEIGHT = (0.09, 0.40)
CENTRE_DOWN = 1.1
SIDE_IN_FACES = 2.4

Box = tuple[float, float, float, float]


def head_region(box_xyxy: Box, frame_w: float, frame_h: float) -> Box:
    """Square around the expected head of a person box, inside the frame, as x1, y1, x2, y2.

    The square is 2.4 expected face sides wide. One that would leave the frame is moved
    inside; one larger than the frame shrinks to its short side.
    """
    x1, y1, x2, y2 = box_xyxy
    width, height = max(x2 - x1, 1.0), max(y2 - y1, 1.0)
    face = min(max(FACE_OF_WIDTH * width, FACE_OF_HEIGHT[0] * height), FACE_OF_HEIGHT[1] * height)
    side = min(SIDE_IN_FACES * face, frame_w, frame_h)
    left = (x1 + x2) / 2 - side / 2
    top = y1 + CENTRE_DOWN * face - side / 2
    left = min(max(left, 0.0), frame_w - side)
    top = min(max(top, 0.0), frame_h - side)
    return left, top, left + side, top + side
