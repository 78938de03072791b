"""OpenVINO alone: this module is imported before it.

Left to itself, its Python package reports every start to its makers: it writes an id into the home
of the user, and a thread and a process of its own call a server far away. It does without where the
package that reports is missing. None as a module is Python's way to say so.
"""

from __future__ import annotations

import sys

REPORTER = "openvino_telemetry"

sys.modules.setdefault(REPORTER, None)  # type: ignore[arg-type]
