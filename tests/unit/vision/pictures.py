"""Drawn scenes for the vision tests: dark floors with upright white persons."""

import numpy as np

from edge_agent.config.schema import Calibration
from edge_agent.core.geometry import Box
from edge_agent.vision.frame import Image

FLOOR = Calibration.model_validate(  # 40 pixels are a metre, the whole picture is floor
    {
        "size": (640, 360),
        "points": [
            {"pixel": (0, 0), "metres": (0, 0)},
            {"pixel": (640, 0), "metres": (16, 0)},
            {"pixel": (640, 360), "metres": (16, 9)},
            {"pixel": (0, 360), "metres": (0, 9)},
        ],
    }
)


def scene(*people: Box, width: int = 640, height: int = 360, floor: int = 60) -> Image:
    image = np.full((height, width, 3), floor, np.uint8)
    for box in people:
        image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = 230
    return image


def noise(width: int = 640, height: int = 360, seed: int = 7) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
