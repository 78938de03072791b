"""A cut of the soak: the recorder, eight cameras, real mounts, and trouble from a fixed seed."""

import json
import subprocess
import sys


def test_under_trouble_every_second_is_recorded_or_explained_and_every_file_plays() -> None:
    command = [sys.executable, "-m", "tests.bench.recording_soak", "--minutes", "0.7"]
    done = subprocess.run(
        [*command, "--seed", "2"], capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["kills"] >= 1
    assert figures["recorded_s"] > 60
