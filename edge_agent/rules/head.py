"""Where the head is in a person box: the square in which a face is looked for.

Measured on labelled faces in found persons: the face is 0.34 of the box width, between 0.09 and
0.40 of its height, and its centre lies 1.1 face sides under the box top.
"""

from __future__ import annotations

from edge_agent.core.geometry import Box, Size

FACE_OF_WIDTH = 0.34
FACE_OF_HEIGHT = (0.09, 0.40)
CENTRE_DOWN = 1.1  # face sides from the box top to the face's centre
SIDE_IN_FACES = 2.4
HEAD_IN_SQUARE = 1.3 / SIDE_IN_FACES  # a head, crown to chin, is 1.3 faces of the square's 2.4


def head_region(box: Box, size: Size) -> Box:
    """The square around the expected head of a person box, standing or half body.

    One that would leave a frame of `size` is moved inside; one larger than the frame shrinks.
    """
    width, height = max(box.width, 1.0), max(box.height, 1.0)
    face = min(max(FACE_OF_WIDTH * width, FACE_OF_HEIGHT[0] * height), FACE_OF_HEIGHT[1] * height)
    side = min(SIDE_IN_FACES * face, size.width, size.height)
    left = (box.x1 + box.x2) / 2 - side / 2
    top = box.y1 + CENTRE_DOWN * face - side / 2
    left = min(max(left, 0.0), size.width - side)
    top = min(max(top, 0.0), size.height - side)
    return Box(left, top, left + side, top + side)
