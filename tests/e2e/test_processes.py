"""Kill what you like: recording goes on without a gap, and everything comes back by itself."""

import os
import signal
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

from edge_agent.recording.camera_ledger import FIRST_CONNECTION
from edge_agent.runtime.child import Child
from edge_agent.runtime.supervisor import Backoff, immortal
from tests.e2e.house import Broker, Ear, House, until

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
CAMERA = "cam-1"


def looking(site: House, times: int = 1) -> None:
    until(lambda: len(site.lines("vision.looking")) >= times, 60, f"vision looks, time {times}")


def recording(site: House, segments: int = 1) -> None:
    def enough() -> bool:
        totals = site.recordings.totals().get(CAMERA)
        return totals is not None and totals.segments >= segments

    until(enough, 60, f"{segments} segments")


def one_unbroken_run(site: House) -> None:
    """One RTSP session, no gap, and every segment begins where the one before it ended."""
    assert len(site.recordings.runs(CAMERA)) == 1
    assert {gap.detail for gap in site.recordings.gaps(CAMERA, *ALWAYS)} <= {FIRST_CONNECTION}
    parts = site.recordings.segments(CAMERA, *ALWAYS)
    for before, after in pairwise(parts):
        ends = before.start.timestamp() + before.seconds
        assert abs(after.start.timestamp() - ends) < 0.1


def pid_of_vision(site: House) -> int:
    return int(site.lines("vision.started")[-1]["pid"])


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_vision_killed_with_9_comes_back_and_recording_does_not_notice(site: House) -> None:
    agent = site.agent()
    looking(site)
    recording(site)
    recorder, before = site.recorder, pid_of_vision(site)
    segments = site.recordings.totals()[CAMERA].segments

    os.kill(before, signal.SIGKILL)

    looking(site, times=2)
    assert pid_of_vision(site) != before
    recording(site, segments + 1)
    assert site.recorder == recorder
    assert agent.poll() is None
    one_unbroken_run(site)


def test_the_agent_killed_with_9_comes_back_and_adopts_the_recorder(site: House) -> None:
    """What systemd does with Restart=always, the supervisor does here."""
    started: list[int] = []
    child = Child(
        "agent",
        [sys.executable, "-m", "edge_agent", "run", "--config", str(site.config)],
        started=started.append,
        output=site.log,
    )
    stop = Event()
    shell = Thread(target=immortal, args=("agent", child.run_once, stop, Backoff(first=0.5)))
    shell.start()
    try:
        looking(site)
        recording(site)
        recorder, vision = site.recorder, pid_of_vision(site)
        segments = site.recordings.totals()[CAMERA].segments

        os.kill(started[0], signal.SIGKILL)

        until(lambda: not alive(vision), 15, "vision dies with its agent")
        looking(site, times=2)
        recording(site, segments + 2)
        assert len(started) == 2
        assert site.recorder == recorder
        one_unbroken_run(site)
    finally:
        stop.set()
        shell.join(60)
    until(lambda: site.recorder is None, 20, "a clean stop ends the adopted recorder too")


def test_the_recorder_killed_with_9_comes_back_and_writes_down_what_was_lost(site: House) -> None:
    site.agent()
    recording(site)
    recorder = site.recorder
    assert recorder is not None

    os.kill(recorder, signal.SIGKILL)

    until(lambda: site.recorder not in (None, recorder), 30, "another recorder")
    until(lambda: len(site.recordings.runs(CAMERA)) == 2, 30, "a second run")
    recording(site, site.recordings.totals()[CAMERA].segments + 1)
    gap = site.recordings.gaps(CAMERA, *ALWAYS)[-1]
    assert gap.reason == "recorder_restarted"
    assert gap.end is not None
    assert 0 < (gap.end - gap.start).total_seconds() < 20


def test_every_opened_episode_is_closed_once_though_its_watchers_die(
    site: House, center: Broker
) -> None:
    ear = Ear(center.url)
    agent = site.agent()
    until(lambda: bool(ear.said("event/alarm")), 90, "an episode opens")
    agent.kill()
    agent.wait()
    again = site.agent()
    looking(site, times=2)
    again.terminate()
    assert again.wait(60) == 0
    opened = [one["id"] for one in ear.said("event/alarm") if one["id"].endswith(".opened")]
    closed = [one["id"] for one in ear.said("event/state") if one["id"].endswith(".closed")]
    assert sorted({one.removesuffix(".opened") for one in opened}) == sorted(
        {one.removesuffix(".closed") for one in closed}
    )
    assert len(closed) == len(set(closed))
    ear.close()
