"""The shipped models and the photographs of the ultralytics package, for the vision tests."""

from importlib.util import find_spec
from pathlib import Path

import cv2

import edge_agent
from edge_agent.config.schema import Vision
from edge_agent.vision.frame import Image

MODELS = Path(edge_agent.__file__).parents[1] / "models"
STEADY = Vision(precision="f32")  # the same numbers on every processor


def photograph(name: str) -> Image:
    """`bus.jpg` (810 × 1080, a street with people) or `zidane.jpg` (1280 × 720, two half bodies);
    found without importing the package.
    """
    spec = find_spec("ultralytics")
    assert spec, "the extra 'yolo' is needed for its photographs"
    assert spec.submodule_search_locations
    image = cv2.imread(str(Path(spec.submodule_search_locations[0]) / "assets" / name))
    assert image is not None
    return image
