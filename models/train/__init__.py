"""How the models are made: README.md. OpenVINO comes first, for with `edge_agent` it comes without
its converter; what reports to its makers is left out here as well (`vision/detector/alone.py`).
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402, F401
