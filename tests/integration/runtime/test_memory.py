"""What a process used once goes back to the system, also with something small kept behind it."""

import subprocess
import sys

PROGRAM = """
import sys
from edge_agent.runtime.memory import settle

def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

if sys.argv[1] == "settled":
    settle()
large = bytearray(30_000_000)
del large  # after this glibc takes blocks of any size from its heap
before, kept = resident(), []
for _ in range(300):
    frame = bytearray(200_000)
    kept.append((frame, bytes(600)))
kept = [small for _, small in kept]
del frame
print(resident() - before)
"""


def grown(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_frames_that_are_gone_hold_no_memory() -> None:
    assert grown("settled") < 5_000_000 < grown("as it comes")
