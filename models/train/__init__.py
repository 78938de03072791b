"""How the models are made: README.md. OpenVINO comes first, for with `edge_agent` it comes without
its converter.
"""

import openvino  # noqa: F401
