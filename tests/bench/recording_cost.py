"""What a recorded camera costs, beside the others: CPU and memory of 8 and 16 streams.

    python -m tests.bench.recording_cost [--seconds 60] [--cameras 8 16] [--quick]

1080p25 H.264 at 2 Mbit/s over RTSP/TCP, taken at the same time by our recorder, by `ffmpeg` as
Frigate starts it (a process for each camera, 10 s MP4 segments) and as Viseron does (HLS, fMP4,
5 s), then by Debian's `motion` in passthrough, which decodes every picture and is therefore given
few cameras only. Ours hashes and syncs as well; a second one that does not is shown beside it.
Memory is PSS: shared pages count once. Prints a table and, as last line, JSON;
exits 1 when an added camera costs more than 1 % of a core, 8 MB, or more than the best of them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge_agent.core import media
from edge_agent.core.geometry import Size
from edge_agent.runtime import logs
from edge_agent.store.inventory import write_inventory
from tests.bench.recording_site import Street, encode, street

FPS, KBIT = 25, 2000
MOST_CPU, MOST_MB = 1.0, 8.0  # per cent of a core, megabytes; for an added camera
UNPROVEN = "unproven: ours, neither hashed nor synced"
TICK = os.sysconf("SC_CLK_TCK")
Start = Callable[[Path, list[str]], list[list[str]]]


@dataclass
class Cost:
    """What a program took for so many cameras: per cent of a core, megabytes, bytes on disk."""

    cameras: int
    cpu: float
    mb: float
    written: float


@dataclass
class Program:
    """One way to record; `commands` gives its processes for these URLs."""

    name: str
    commands: Start
    costs: list[Cost] = field(default_factory=list)

    def added(self) -> Cost:
        """The cost of one camera more (of one camera, where only one count was measured)."""
        last = self.costs[-1]
        first = self.costs[0] if len(self.costs) > 1 else Cost(0, 0.0, 0.0, 0.0)
        more = last.cameras - first.cameras
        cpu, mb = (last.cpu - first.cpu) / more, (last.mb - first.mb) / more
        return Cost(1, cpu, mb, (last.written - first.written) / more)


def ours(folder: Path, urls: list[str]) -> list[list[str]]:
    """One recorder for all."""
    state, root = folder / "state", folder / "recordings"
    state.mkdir()
    root.mkdir()
    nobody = media.Identity()
    cameras = [
        media.Camera(f"cam-{n}", f"cam-{n}", "yard", "127.0.0.1", nobody, media.Stream(url))
        for n, url in enumerate(urls)
    ]
    write_inventory(state / "inventory.json", cameras)
    config = {
        "site": {"id": "cost"},
        "storage": {"state": str(state), "recordings": str(root)},
        "recording": {"min_free": "0B"},
    }
    return [[sys.executable, "-m", "tests.bench.recording_child", json.dumps(config)]]


def unproven(folder: Path, urls: list[str]) -> list[list[str]]:
    """Ours without hashes and syncs, which the others do not do either; shown, not judged."""
    return [[*command, "--unproven"] for command in ours(folder, urls)]


def _ffmpeg(urls: list[str], output: Callable[[int], list[str]]) -> list[list[str]]:
    read = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-rtsp_transport", "tcp"]
    return [
        [*read, "-i", _with_account(url), "-c", "copy", "-an", *output(n)]
        for n, url in enumerate(urls)
    ]


def frigate(folder: Path, urls: list[str]) -> list[list[str]]:
    """`ffmpeg -f segment`, a process for each camera."""
    form = "-f segment -segment_time 10 -segment_format mp4 -reset_timestamps 1 -strftime 1"
    return _ffmpeg(urls, lambda n: [*form.split(), str(folder / f"{n}-%Y%m%d%H%M%S.mp4")])


def viseron(folder: Path, urls: list[str]) -> list[list[str]]:
    """`ffmpeg -f hls` with fMP4, a process for each camera."""

    def output(n: int) -> list[str]:
        (folder / str(n)).mkdir()
        form = "-f hls -hls_segment_type fmp4 -hls_time 5 -hls_list_size 0"
        return [*form.split(), str(folder / str(n) / "index.m3u8")]

    return _ffmpeg(urls, output)


def motion(folder: Path, urls: list[str]) -> list[list[str]]:
    """One `motion` for all, in passthrough, as if something moved all the time."""
    shared = "daemon off\nsetup_mode off\nlog_level 4\nwebcontrol_port 0\nstream_port 0\n"
    lines = [shared]
    for n, url in enumerate(urls):
        place = folder / f"{n}.conf"
        place.write_text(
            f"camera_id {n + 1}\nnetcam_url {url}\nnetcam_userpass admin:secret\nwidth 1920\n"
            f"height 1080\nframerate {FPS}\nemulate_motion on\nmovie_output on\n"
            f"movie_passthrough on\nmovie_max_time 60\npicture_output off\ntarget_dir {folder}\n"
        )
        lines.append(f"camera {place}\n")
    (folder / "motion.conf").write_text("".join(lines))
    return [["motion", "-n", "-c", str(folder / "motion.conf")]]


def _with_account(url: str) -> str:
    return url.replace("rtsp://", "rtsp://admin:secret@")


def measure(programs: list[Program], cameras: Street, count: int, seconds: float) -> None:
    """Run these programs at the same time on the first `count` cameras."""
    urls = [one.url for one in cameras.cameras.values()][:count]
    running: list[tuple[Program, Path, list[subprocess.Popen[bytes]]]] = []
    with tempfile.TemporaryDirectory() as name:
        try:
            for program in programs:
                folder = Path(name) / program.name.split()[0]
                folder.mkdir()
                running.append((program, folder, []))
                for command in program.commands(folder, urls):
                    quiet = subprocess.DEVNULL
                    running[-1][2].append(subprocess.Popen(command, stdout=quiet, stderr=quiet))
            time.sleep(min(12.0, seconds))
            before = [(_cpu(children), _size(folder)) for _, folder, children in running]
            began = time.monotonic()
            time.sleep(seconds)
            passed = time.monotonic() - began
            for (program, folder, children), (cpu, size) in zip(running, before, strict=True):
                used = 100 * (_cpu(children) - cpu) / passed
                grown = (_size(folder) - size) * 8 / passed / 1000
                program.costs.append(Cost(count, used, _memory(children), grown))
        finally:
            for _, _, children in running:
                for child in children:
                    child.terminate()
            for _, _, children in running:
                for child in children:
                    child.wait(30)


def _cpu(children: list[subprocess.Popen[bytes]]) -> float:
    """CPU seconds so far. Raises RuntimeError when one has died: its figure would be a lie."""
    total = 0
    for child in children:
        if child.poll() is not None:
            raise RuntimeError(f"{child.args} ended with {child.returncode}")
        fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def _memory(children: list[subprocess.Popen[bytes]]) -> float:
    total = 0
    for child in children:
        for line in Path(f"/proc/{child.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def verdict(programs: list[Program]) -> dict[str, object]:
    """Figures by name, and whether ours held."""
    added = {program.name: program.added() for program in programs}
    mine = added["ours"]
    others = [cost for name, cost in added.items() if name not in {"ours", UNPROVEN}]
    best_cpu, best_mb = min(one.cpu for one in others), min(one.mb for one in others)
    limits = mine.cpu <= min(MOST_CPU, best_cpu) and mine.mb <= min(MOST_MB, best_mb)
    return {
        "added_camera": {
            name: {"cpu_percent": round(cost.cpu, 2), "mb": round(cost.mb, 1)}
            for name, cost in added.items()
        },
        "best_other_cpu_percent": round(best_cpu, 2),
        "best_other_mb": round(best_mb, 1),
        "passed": limits,
    }


def show(programs: list[Program]) -> None:
    """The table."""
    columns = (
        "program",
        "cameras",
        "% of a core",
        "MB (PSS)",
        "% a camera",
        "MB a camera",
        "kbit/s",
    )
    table = Table(*columns, title=f"1080p{FPS}, {KBIT} kbit/s each")
    for program in programs:
        for cost in program.costs:
            each = (f"{cost.cpu / cost.cameras:.2f}", f"{cost.mb / cost.cameras:.1f}")
            kbit = f"{cost.written / cost.cameras:.0f}"
            table.add_row(
                program.name, str(cost.cameras), f"{cost.cpu:.1f}", f"{cost.mb:.0f}", *each, kbit
            )
        added = program.added()
        table.add_row(program.name, "one more", "", "", f"{added.cpu:.2f}", f"{added.mb:.1f}", "")
    Console(width=100).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--cameras", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--motion-cameras", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--quick", action="store_true", help="2 and 4 cameras, 10 s")
    given = parser.parse_args()
    if given.quick:
        given.seconds, given.cameras, given.motion_cameras = 10.0, [2, 4], [1]
    missing = [name for name in ("ffmpeg", "motion") if shutil.which(name) is None]
    if missing:
        print(f"not installed: {' '.join(missing)} (BENCH_PACKAGES in deploy/packages.sh)")
        return 2
    logs.configure("json", "error")
    programs = [
        Program("ours", ours),
        Program("frigate's ffmpeg", frigate),
        Program("viseron's ffmpeg", viseron),
    ]
    bare, decoder = Program(UNPROVEN, unproven), Program("motion", motion)
    with tempfile.TemporaryDirectory() as folder:
        clip = encode(Path(folder) / "main.h264", Size(1920, 1080), FPS, 8, KBIT)
        with street(max(given.cameras), clip, clip) as cameras:
            for count in given.cameras:
                measure(programs, cameras, count, given.seconds)
                measure([bare], cameras, count, given.seconds)  # alone: two share their memory
            for count in given.motion_cameras:
                measure([decoder], cameras, count, given.seconds)
    programs.append(bare)
    if decoder.costs:
        programs.append(decoder)
    show(programs)
    figures = {"seconds": given.seconds, "cameras": given.cameras, **verdict(programs)}
    print(json.dumps(figures))
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
