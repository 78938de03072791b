"""OpenVINO graphs: read, given picture bytes as input, compiled for this box."""

from __future__ import annotations

from functools import cache
from typing import Any

import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log
from edge_agent.runtime.memory import let_go
from edge_agent.vision.detector.shapes import resize
from edge_agent.vision.models import CheckedModel


@cache
def engine() -> openvino.Core:
    """The process's one engine, which stays until the process ends.

    Each engine gives the thread that first compiles with it a signal stack of its own, and on its
    end puts back the one before it (OpenVINO's SigAltStackSetup, pull request 11894). When several
    come and go, what is put back is gone already, and the next signal kills the process.
    """
    return openvino.Core()


def compile_graph(model: CheckedModel, vision: Vision, size: Size | None = None) -> Any:
    """The compiled model; its input takes BGR bytes 1 × height × width × 3, conversion to RGB
    0..1 is part of the graph. `size` gives a YOLO graph another input size than its own.

    A device that is absent, or a precision that does not compile, falls back to the CPU in f32,
    with a warning. Raises Trouble `model.unusable` when nothing compiles,
    ValueError for a graph that cannot have another size.
    """
    core = engine()
    try:
        graph = core.read_model(model.path)
        if size is not None:
            _resize(graph, size)
        graph = _with_bytes(graph)
    except RuntimeError as error:
        raise unusable(model, str(error)) from error
    for device, precision in _attempts(vision):
        try:
            made = core.compile_model(graph, device, _options(device, precision, vision.threads))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            log.warning("model.not_compiled", model=model.mark, device=device, error=reason)
        else:
            let_go(model.path.with_suffix(".bin"))  # it holds the weights in an order of its own
            return made
    raise unusable(model, reason)


def unusable(model: CheckedModel, why: str) -> Trouble:
    """The model is whole but not what this program runs."""
    why = " ".join(why.split())[:300]
    return Trouble(
        "model.unusable",
        f"Mô hình {model.path.name} không chạy được ở đây: {why}. Dùng mô hình khác, hoặc cài lại "
        "thư mục models đi kèm phiên bản này.",
        f"The model {model.path.name} cannot run here: {why}. Use another one, or install the "
        "models folder that belongs to this version again.",
    )


def _resize(graph: Any, size: Size) -> None:
    try:
        resize(graph, size)
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def _attempts(vision: Vision) -> list[tuple[str, str]]:
    wanted = (vision.device, vision.precision)
    rest = [(vision.device, "f32"), ("CPU", "f32")]
    return [wanted, *(attempt for attempt in dict.fromkeys(rest) if attempt != wanted)]


def _options(device: str, precision: str, threads: int) -> dict[str, Any]:
    options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if device == "CPU":
        # Pinned threads would fight with the recorder's on a box of four small cores.
        options |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    if precision == "f32":
        options["INFERENCE_PRECISION_HINT"] = "f32"
    return options


def _with_bytes(graph: Any) -> Any:
    steps = PrePostProcessor(graph)
    tensor = steps.input().tensor()
    tensor.set_element_type(openvino.Type.u8)
    tensor.set_layout(openvino.Layout("NHWC"))
    tensor.set_color_format(ColorFormat.BGR)
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    convert = steps.input().preprocess()
    convert.convert_element_type(openvino.Type.f32)
    convert.convert_color(ColorFormat.RGB)
    convert.scale(255.0)
    return steps.build()
