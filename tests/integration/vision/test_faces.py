"""The face reader on a graph whose answer is known, and on the shipped model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from edge_agent.core.geometry import Box
from edge_agent.core.perception import MaskState
from edge_agent.core.trouble import Trouble
from edge_agent.vision.facecells import BINS, STRIDES
from edge_agent.vision.faces import FaceReader
from edge_agent.vision.frame import Image
from edge_agent.vision.models import CheckedModel, check_models
from tests.integration.vision.shipped import MODELS, STEADY, photograph

LABELS = ("worn", "absent", "incorrect")
SECOND = (*LABELS, "unknown")
HEAD = Box(60, 60, 140, 140)


def colour_graph(folder: Path, labels: tuple[str, ...] = LABELS) -> CheckedModel:
    """Sees a face of two strides to each side in every cell of pure colour: red worn, green absent,
    blue worn wrongly. Takes any size, as the shipped one does.
    """
    images = ops.parameter([1, 3, -1, -1], np.float32, name="images")
    weights = np.zeros((4 * BINS + 3, 3, 1, 1), np.float32)
    weights[4 * BINS :, :, 0, 0] = np.eye(3) * 60 - 30
    bias = np.zeros((1, 4 * BINS + 3, 1, 1), np.float32)
    bias[0, [2, BINS + 2, 2 * BINS + 2, 3 * BINS + 2]] = 60
    bias[0, 4 * BINS :] = -26
    parts = []
    for stride in STRIDES:
        size = [stride, stride]
        mean = ops.avg_pool(images, size, [0, 0], [0, 0], size, False)
        seen = ops.convolution(mean, ops.constant(weights), [1, 1], [0, 0], [0, 0], [1, 1])
        flat = ops.constant(np.array([1, 4 * BINS + 3, -1]))
        parts.append(ops.reshape(ops.add(seen, ops.constant(bias)), flat, False))
    graph = openvino.Model([ops.concat(parts, 2)], [images], "colours")
    openvino.save_model(graph, folder / "face.xml")
    return CheckedModel("face", "fp32", folder / "face.xml", "ab" * 32, labels, None, {})


def agreeing_graph(folder: Path, labels: tuple[str, ...] = SECOND) -> CheckedModel:
    """A second look that says of the crop's mean colour what the first says of a cell's."""
    images = ops.parameter([1, 3, 32, 32], np.float32, name="images")
    means = ops.reduce_mean(images, np.array([2, 3]), keep_dims=False)
    weights = np.zeros((3, len(labels)), np.float32)
    weights[:, :3] = np.eye(3) * 90
    logits = ops.matmul(means, ops.constant(weights), False, False)
    shares = ops.softmax(logits, axis=1)
    openvino.save_model(openvino.Model([shares], [images], "again"), folder / "mask.xml")
    thresholds = dict.fromkeys(labels[:3], 0.8)
    return CheckedModel("mask", "fp32", folder / "mask.xml", "cd" * 32, labels, None, thresholds)


def reader(folder: Path) -> FaceReader:
    return FaceReader(colour_graph(folder), agreeing_graph(folder), STEADY)


def spot(blue: int, green: int, red: int) -> Image:
    """A grey picture with one coloured patch where the head is."""
    image = np.full((200, 200, 3), 120, np.uint8)
    image[80:120, 80:120] = (blue, green, red)
    return image


@pytest.mark.parametrize(
    ("image", "state"),
    [
        (spot(0, 0, 255), MaskState.WORN),
        (spot(255, 0, 0), MaskState.INCORRECT),
        (spot(0, 255, 0), MaskState.ABSENT),
        (spot(120, 120, 120), MaskState.UNKNOWN),
    ],
)
def test_the_crop_reaches_the_network_in_its_colours_and_labels(
    image: Image, state: MaskState, tmp_path: Path
) -> None:
    both = reader(tmp_path)
    reading = both.read(image, HEAD)
    assert (reading.state, reading.head_px) == (state, 80)
    if state is MaskState.UNKNOWN:
        assert reading.face is None
    else:
        assert reading.score > 0.8
        assert reading.face is not None
        assert 80 <= reading.face.centre[0] <= 120
    assert both.model == "face-fp32@abababababab mask-fp32@cdcdcdcdcdcd"


def test_a_face_beside_the_head_is_somebody_elses(tmp_path: Path) -> None:
    both = reader(tmp_path)
    assert both.read(spot(0, 0, 255), Box(0, 0, 70, 70)).state is MaskState.UNKNOWN


def test_a_head_outside_the_picture_reads_as_unknown(tmp_path: Path) -> None:
    both = reader(tmp_path)
    assert both.read(spot(0, 0, 255), Box(300, 300, 400, 400)).state is MaskState.UNKNOWN


def test_a_face_of_few_pixels_cannot_be_read(tmp_path: Path) -> None:
    image = np.full((40, 40, 3), 120, np.uint8)
    image[16:20, 16:20] = (0, 0, 255)
    reading = reader(tmp_path).read(image, Box(12, 12, 24, 24))
    assert reading.face is not None
    assert reading.state is MaskState.UNKNOWN


def test_a_whole_picture_is_looked_at_in_windows(tmp_path: Path) -> None:
    image = np.full((900, 1600, 3), 120, np.uint8)
    for x, y in ((60, 60), (800, 450), (1500, 820)):
        image[y - 20 : y + 20, x - 20 : x + 20] = (0, 255, 0)
    found = reader(tmp_path).everywhere(image)
    absent = [one.face for one in found if one.face and one.state is MaskState.ABSENT]
    for x, y in ((60, 60), (800, 450), (1500, 820)):
        assert any(abs(f.centre[0] - x) < 40 and abs(f.centre[1] - y) < 40 for f in absent)


@pytest.mark.parametrize("labels", [LABELS[:2], ("worn", "absent", "sideways")])
def test_a_face_model_with_other_labels_is_refused_in_words(
    labels: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(Trouble) as refused:
        FaceReader(colour_graph(tmp_path, labels), agreeing_graph(tmp_path), STEADY)
    assert refused.value.code == "model.unusable"


@pytest.mark.parametrize("labels", [SECOND[:3], ("worn", "absent", "incorrect", "sideways")])
def test_a_second_look_with_other_labels_is_refused_in_words(
    labels: tuple[str, ...], tmp_path: Path
) -> None:
    again = agreeing_graph(tmp_path)
    with pytest.raises(Trouble) as refused:
        FaceReader(colour_graph(tmp_path), replace(again, labels=labels), STEADY)
    assert refused.value.code == "model.unusable"


def test_the_shipped_model_calls_no_bare_face_worn() -> None:
    _, face, mask = check_models(MODELS, STEADY)
    shipped, image = FaceReader(face, mask, STEADY), photograph("zidane.jpg")
    for head in (Box(860, 40, 1120, 300), Box(330, 190, 630, 490)):
        assert shipped.read(image, head).state in (MaskState.ABSENT, MaskState.UNKNOWN)
    assert MaskState.ABSENT in [one.state for one in shipped.everywhere(image)]
