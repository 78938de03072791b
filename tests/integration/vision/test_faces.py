"""The mask reader on a graph whose answer is known, and on the shipped model."""

from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskState
from edge_agent.core.trouble import Trouble
from edge_agent.vision.faces import MaskReader
from edge_agent.vision.frame import Image
from edge_agent.vision.models import CheckedModel, check_models
from tests.integration.vision.shipped import MODELS, STEADY, photograph

LABELS = ("worn", "incorrect", "absent", "unknown")
HEAD = Box(40, 40, 136, 136)


def colour_graph(folder: Path, labels: tuple[str, ...] = LABELS) -> CheckedModel:
    """A classifier that says worn for red, incorrect for green, absent for blue."""
    images = ops.parameter([1, 3, 96, 96], np.float32, name="images")
    means = ops.reduce_mean(images, np.array([2, 3]), keep_dims=False)
    weights = np.array([[20, 0, 0, 0], [0, 20, 0, 0], [0, 0, 20, 0]], np.float32)
    scores = ops.softmax(ops.matmul(means, ops.constant(weights), False, False), axis=1)
    openvino.save_model(openvino.Model([scores], [images], "colours"), folder / "mask.xml")
    thresholds = {"worn": 0.8, "incorrect": 0.8, "absent": 0.8}
    return CheckedModel("mask", "fp32", folder / "mask.xml", "ab" * 32, labels, None, thresholds)


def plain(blue: int, green: int, red: int) -> Image:
    return np.full((200, 200, 3), (blue, green, red), np.uint8)


@pytest.mark.parametrize(
    ("image", "state"),
    [
        (plain(0, 0, 255), MaskState.WORN),
        (plain(0, 255, 0), MaskState.INCORRECT),
        (plain(255, 0, 0), MaskState.ABSENT),
        (plain(120, 120, 120), MaskState.UNKNOWN),
    ],
)
def test_the_crop_reaches_the_network_in_its_colours_and_labels(
    image: Image, state: MaskState, tmp_path: Path
) -> None:
    reader = MaskReader(colour_graph(tmp_path), STEADY)
    reading = reader.read(image, HEAD)
    assert (reading.state, reading.head_px) == (state, 96)
    assert (reading.score > 0.8) == (state is not MaskState.UNKNOWN)
    assert reader.model == "mask-fp32@abababababab"


def test_a_head_outside_the_picture_reads_as_unknown(tmp_path: Path) -> None:
    reader = MaskReader(colour_graph(tmp_path), STEADY)
    assert reader.read(plain(0, 0, 255), Box(300, 300, 400, 400)).state is MaskState.UNKNOWN


@pytest.mark.parametrize("labels", [LABELS[:3], ("worn", "incorrect", "absent", "sideways")])
def test_a_mask_model_with_other_labels_is_refused_in_words(
    labels: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(Trouble) as refused:
        MaskReader(colour_graph(tmp_path, labels), STEADY)
    assert refused.value.code == "model.unusable"


def test_the_shipped_model_calls_no_bare_face_worn() -> None:
    _, mask = check_models(MODELS, STEADY)
    reader, image = MaskReader(mask, STEADY), photograph("zidane.jpg")
    for head in (Box(860, 40, 1120, 300), Box(330, 190, 630, 490)):
        assert reader.read(image, head).state in (MaskState.ABSENT, MaskState.UNKNOWN)
