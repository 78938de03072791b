"""OpenVINO alone: this module is imported before it.

Left to itself, its Python package reports every start to its makers: it writes an id into the home
of the user, and a thread and a process of its own call a server far away. It does without where the
package that reports is missing, and without its converter of models, 3 MB that only training needs
(`models/train` imports it first). None as a module is Python's way to say that it is missing.
"""

from __future__ import annotations

import sys

REPORTER, CONVERTER = "openvino_telemetry", "openvino.tools.ovc"

for name in (REPORTER, CONVERTER):
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]
