"""Models come and go in one process, and it still hears its signals."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.vision.shipped import MODELS

PROGRAM = f"""
import os, signal
from pathlib import Path
from edge_agent.config.manifest import read_manifest
from edge_agent.config.schema import Vision
from edge_agent.vision.detector.graph import compile_graph
from edge_agent.vision.models import checked

models = Path({str(MODELS)!r})
manifest = read_manifest(models / "manifest.yaml")
vision = Vision(precision="f32", threads=1)
first = compile_graph(checked(manifest, models, "mask"), vision)
for _ in range(4):  # the older one goes first, as in a trial of a new model beside the old one
    second = compile_graph(checked(manifest, models, "mask"), vision)
    first = second
del first, second
heard = []
signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
os.kill(os.getpid(), signal.SIGTERM)
assert heard == [signal.SIGTERM]
print("heard")
"""


def test_a_signal_is_heard_after_models_came_and_went() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "heard\n"), (
        signal.strsignal(-done.returncode) if done.returncode < 0 else done.stderr
    )


@pytest.mark.parametrize("first", ["edge_agent.vision.detector", "models.train"])
def test_it_reports_to_nobody(first: str, tmp_path: Path) -> None:
    program = (
        f"import sys, {first}, openvino\n"
        "print('CPU' in openvino.Core().available_devices)\n"
        "print([n for n, m in sys.modules.items() if m and n.startswith('openvino_tel')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=MODELS.parent,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True\n[]\n"), done.stderr
    assert not any(tmp_path.rglob("*ga_cid*"))
