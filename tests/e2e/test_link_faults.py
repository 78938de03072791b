"""A cut of the fault run: sites, broker and center as processes, real mounts, a fixed seed."""

import json
import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
def test_under_faults_the_set_of_events_made_is_the_set_stored() -> None:
    command = [sys.executable, "-m", "tests.bench.link_faults", "--faults", "60", "--seed", "3"]
    done = subprocess.run(
        [*command, "--burst", "1200"], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["faults"] >= 60
    assert figures["made"] == figures["stored"] > 1000
    assert figures["late"] > 500  # what was made in the outage says so
