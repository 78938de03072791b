"""The vision process for benches: the same, which also notes how late every result was."""

from __future__ import annotations

from multiprocessing.connection import Connection

from edge_agent.core.time import Instant
from edge_agent.vision.meter import Meter
from edge_agent.vision.process import work
from edge_agent.vision.worker import VisionJob


def run_noted(job: VisionJob, pipe: Connection) -> None:
    """The main function of the process; `("lag", second, lag)` goes over the pipe for each result:
    the monotonic second when it was there, and seconds since its frame was taken.
    """
    count = Meter.analysed

    def analysed(meter: Meter, taken: Instant, done: Instant) -> None:
        count(meter, taken, done)
        pipe.send(("lag", done.mono, done.since(taken)))

    Meter.analysed = analysed  # type: ignore[method-assign]
    raise SystemExit(work(job, pipe))
