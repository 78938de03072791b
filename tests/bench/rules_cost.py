"""What the tracker and all rules cost with twenty people in view, one thread.

    python -m tests.bench.rules_cost [--people 20] [--frames 1500]

Frames of a simulated yard as a detector sees it, with exactly so many people in every frame; masks
of nobody are read. Prints a table and, as the last line, one JSON object; exits 1 above 1 ms.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
from time import thread_time

from rich.console import Console
from rich.table import Table

from edge_agent.config.behaviours import Rules
from edge_agent.config.schema import Calibration, CalibrationPoint
from edge_agent.core.geometry import Box, Size
from edge_agent.core.perception import Detection
from edge_agent.core.time import EPOCH
from edge_agent.rules.watch import Watch, WatchSettings, decide, new_watch, see, tracks
from edge_agent.runtime.memory import settle
from edge_agent.sim.camera_model import PinholeView

TARGET_MS = 1.0
SIZE = Size(640, 360)
VIEW = PinholeView(4.0, 28.0, 75.0, SIZE)
FPS = 5.0


def watch() -> Watch:
    """The watch of a yard with the default rules."""
    spots = VIEW.calibration(4.0, 4.0, 16.0)
    points = tuple(CalibrationPoint(pixel=spot.pixel, metres=spot.metres) for spot in spots)
    floor = Calibration(size=(SIZE.width, SIZE.height), points=points)
    return new_watch(WatchSettings("bench", "yard", SIZE, 3.0, Rules(), floor))


def frames(people: int, count: int) -> list[list[Detection]]:
    """Everybody walks round a spot of their own; one in ten is missed, one in five doubtful."""
    dice = random.Random(1)
    spots = [(dice.uniform(-4, 4), dice.uniform(6, 16), dice.uniform(0, 6)) for _ in range(people)]
    found = []
    for number in range(count):
        seen = []
        for x, y, phase in spots:
            turn = phase + number / FPS * 0.5
            u, v = x + 2 * math.cos(turn), y + 2 * math.sin(turn)
            # a detector's boxes are plain floats; numpy's would be dragged through every step
            (px, foot), (_, head) = VIEW.project([(u, v, 0.0), (u, v, 1.7)]).tolist()
            half, jitter = 0.19 * (foot - head), 0.03 * (foot - head)
            box = Box(px - half, head, px + half, foot + dice.gauss(0, jitter))
            score = 0.3 if dice.random() < 0.2 else 0.8
            if dice.random() > 0.1:
                seen.append(Detection(box.clipped(SIZE), score))
        found.append(seen)
    return found


def measured(people: int, count: int) -> tuple[list[float], list[float], float]:
    """Milliseconds of tracking, and of deciding, frame by frame; people followed on average."""
    state, seeing, deciding, followed = watch(), [], [], 0
    for number, found in enumerate(frames(people, count)):
        at = EPOCH.plus(number / FPS)
        began = thread_time()
        state = see(state, at, found)
        between = thread_time()
        state, _ = decide(state, at)
        seeing.append(1000 * (between - began))
        deciding.append(1000 * (thread_time() - between))
        followed += len(tracks(state))
    return seeing, deciding, followed / count


def main(arguments: list[str]) -> int:
    """Measure and print; 0 when median and p95 are within the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--frames", type=int, default=1500)
    wanted = parser.parse_args(arguments)
    settle()  # as the commands do at their start
    seeing, deciding, followed = measured(wanted.people, wanted.frames)
    both = [a + b for a, b in zip(seeing, deciding, strict=True)]
    table = Table(title=f"{wanted.people} people, {followed:.1f} followed")
    for heading in ("ms a frame", "median", "p95", "target"):
        table.add_column(heading)
    figures = {}
    for name, some in (("see (tracker)", seeing), ("decide (rules)", deciding), ("both", both)):
        median, p95 = statistics.median(some), statistics.quantiles(some, n=20)[18]
        figures[name] = (round(median, 3), round(p95, 3))
        bound = f"≤ {TARGET_MS:g}" if name == "both" else ""
        table.add_row(name, f"{median:.2f}", f"{p95:.2f}", bound)
    Console().print(table)
    median, p95 = figures["both"]
    good = p95 <= TARGET_MS
    print(json.dumps({"median_ms": median, "p95_ms": p95, "people": wanted.people, "ok": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
