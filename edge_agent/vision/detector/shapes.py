"""The input that fits a picture: a YOLO network looks at any whose sides are multiples of 32.

An upright picture in an input of 16:9 would lose two thirds of its pixels to grey. So a picture of
quite another shape gets an input of its own, the longer side as the network's. One of 4:3 loses a
fifth and keeps the network's: the tracker's constants belong to scores at that scale. Pairs on PETS
2009 (480 × 360) are 0.905 so and 0.802 at 640 × 480, though there single persons are found better.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13

from edge_agent.core.geometry import Size

_STRIDES = (8, 16, 32)
_STEP = 32
_LEAST = 256  # pixels of the shorter side: an extreme shape is letterboxed instead
_CLOSE = 1e-3
_ALIKE = 1.4  # ratio of two shapes up to which one input does for both


def input_for(picture: Size, own: Size) -> Size:
    """The input for a picture of this size by a network whose own input is `own`."""
    shapes = picture.width / picture.height, own.width / own.height
    if max(shapes) <= _ALIKE * min(shapes):
        return own
    longest = max(own.width, own.height)
    scale = longest / max(picture.width, picture.height)
    return Size(_side(picture.width * scale, longest), _side(picture.height * scale, longest))


def resize(graph: Any, size: Size) -> None:
    """Give an OpenVINO graph (input 1 × 3 × height × width) another input size.

    The places of its output are constants of the old size, which are made anew. Raises ValueError
    or RuntimeError for a graph that cannot have another size. One whose size is open takes any.
    """
    if graph.input().partial_shape.is_dynamic:
        graph.reshape([1, 3, size.height, size.width])
        return
    _, _, height, width = graph.input().shape
    old, new = _grid(Size(width, height)), _grid(size)
    for node in [one for one in graph.get_ops() if one.get_type_name() == "Constant"]:
        values = node.data
        for before, after in zip(old, new, strict=True):
            if values.size == before.size and np.allclose(values.reshape(before.shape), before):
                shape = [*values.shape[:-1], after.shape[-1]]
                fresh = opset13.constant(after.reshape(shape).astype(values.dtype))
                node.output(0).replace(fresh.output(0))
    parameter = graph.input().get_node()
    parameter.set_partial_shape(openvino.PartialShape([1, 3, size.height, size.width]))
    graph.validate_nodes_and_infer_types()
    if graph.output(0).partial_shape.is_dynamic or graph.output(0).shape[-1] != new[1].size:
        raise ValueError(f"the output does not follow an input of {size.width}x{size.height}")


def _side(pixels: float, longest: int) -> int:
    steps = int(np.ceil(pixels / _STEP - _CLOSE))
    return int(min(longest, max(_LEAST, steps * _STEP)))


def _grid(size: Size) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centres of all cells (2 × n: x, y in cells) and their strides (n), finest first."""
    centres, strides = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[0 : size.height // stride, 0 : size.width // stride]
        centres.append(np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5]))
        strides.append(np.full(rows.size, stride))
    return np.concatenate(centres, 1).astype(np.float32), np.concatenate(strides).astype(np.float32)
