"""A box that runs short of memory: looking pauses, says why, and goes on by itself."""

from pathlib import Path
from threading import Event, Thread

from edge_agent.core.event import Sighting
from edge_agent.core.perception import VisionStatus
from edge_agent.runtime.clock import SystemClock
from edge_agent.vision.lookout import Lookout
from edge_agent.vision.process import load_models
from edge_agent.vision.room import ENOUGH, REASON, SHORT, Room
from tests.integration.broker import until
from tests.integration.vision.shipped import MODELS, STEADY
from tests.integration.vision.test_worker import job, recorder


def test_nothing_is_analysed_while_memory_is_short_and_it_goes_on_afterwards(
    tmp_path: Path,
) -> None:
    said: list[object] = []
    free = [ENOUGH]
    work = job(tmp_path, "one")
    lookout = Lookout(
        work,
        load_models(MODELS, STEADY, tmp_path),
        said.append,
        SystemClock(),
        Room(lambda: free[0]),
    )
    stop = Event()
    thread = Thread(target=lookout.run, args=(stop,), daemon=True)

    def status() -> VisionStatus | None:
        told = [one for one in said if isinstance(one, VisionStatus)]
        return told[-1] if told else None

    def looks(reason: str, least: int) -> bool:
        now = status()
        return now is not None and now.reason == reason and now.analysed >= least

    with recorder(work.key_frames, "one"):
        thread.start()
        until(lambda: looks("calibration.missing", 5), 30)
        free[0] = SHORT - 1
        until(lambda: looks(REASON, 5), 30)
        paused = status()
        until(lambda: status() is not paused, 30)
        assert paused is not None
        now = status()
        assert now is not None
        assert now.analysed == paused.analysed
        free[0] = ENOUGH
        until(lambda: looks("calibration.missing", paused.analysed + 5), 30)
        stop.set()
        thread.join(30)
    opened = [one.change for one in said if isinstance(one, Sighting)]
    ends = {one.episode: one.reason for one in opened if one.phase.value == "closed"}
    assert {one.episode for one in opened} == set(ends)
