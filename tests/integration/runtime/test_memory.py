"""What a process used once goes back to the system, also with something small kept behind it."""

import mmap
import subprocess
import sys
from pathlib import Path

from edge_agent.runtime.memory import let_go

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


def held(file: Path) -> int:
    """Bytes of a mapped file that are in this process's memory (proc(5), smaps)."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    kilobytes = [
        int(next(x for x in lines if x.startswith("Rss:")).split()[1])
        for line in lines
        if line.endswith(f" {file}")
    ]
    return 1024 * sum(kilobytes)


def test_a_mapped_file_that_was_read_is_let_go_and_can_be_read_again(tmp_path: Path) -> None:
    file, other = tmp_path / "weights.bin", tmp_path / "other.bin"
    content = bytes(range(256)) * 8192
    for one in (file, other):
        one.write_bytes(content)
    with file.open("rb") as a, other.open("rb") as b:
        read = mmap.mmap(a.fileno(), 0, access=mmap.ACCESS_READ)
        beside = mmap.mmap(b.fileno(), 0, access=mmap.ACCESS_READ)
        assert read[:] == beside[:] == content
        assert held(file) == held(other) == len(content)
        let_go(file)
        assert held(file) == 0
        assert held(other) == len(content)
        assert read[:] == content
        read.close()
        beside.close()
