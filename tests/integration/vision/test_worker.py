"""The vision process as the agent runs it: spawned, spoken to over its pipe, killed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import numpy as np
import pytest

from edge_agent.app.vision import VisionChild
from edge_agent.config.behaviours import DistancingRule, Rules
from edge_agent.config.schema import Log
from edge_agent.core.event import Phase, Rule, Sighting
from edge_agent.core.geometry import Size
from edge_agent.core.media import Camera, Identity, KeyFrame, Stream
from edge_agent.core.perception import VisionStatus
from edge_agent.core.trouble import Trouble
from edge_agent.recording.keyframes import KeyFrameServer
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.supervisor import Backoff, start_thread
from edge_agent.vision.frame import Image
from edge_agent.vision.specimens import Figure
from edge_agent.vision.specimens import picture as specimen
from edge_agent.vision.worker import VisionJob, run_vision
from tests.integration.broker import until
from tests.integration.vision.shipped import MODELS, STEADY
from tests.integration.vision.street import PASSWORD, camera, film, floor, street
from tests.unit.vision.encoded import key_frame

CLOCK = SystemClock()
DEADLINE = 30.0
WORD = TypeVar("WORD")


def bare(name: str) -> Camera:
    """A camera without a sub stream."""
    return Camera(name, name.upper(), "gate", "127.0.0.1", Identity(), Stream("rtsp://127.0.0.1/m"))


def job(folder: Path, *names: str, models: Path = MODELS) -> VisionJob:
    return VisionJob(
        site="site",
        timezone="Asia/Ho_Chi_Minh",
        cameras=tuple(bare(name) for name in names),
        calibrations={},
        views={},
        rules=Rules(),
        vision=STEADY,
        models=models,
        credentials={"default": PASSWORD},
        key_frames=folder / "keyframes.sock",
        log=Log(format="json"),
    )


@contextmanager
def vision(work: VisionJob) -> Iterator[tuple[SpawnProcess, Connection]]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_vision, args=(work, theirs))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        ours.close()
        process.join(DEADLINE)
        alive = process.is_alive()
        process.kill()
        process.join()
        assert not alive, "the vision process outlived its pipe"


@contextmanager
def recorder(path: Path, *names: str, picture: Image | None = None) -> Iterator[None]:
    """The recorder's socket, and a street with people (or `picture`) as each camera's key frame."""
    server, stop = KeyFrameServer(path), Event()
    encoded = key_frame(street() if picture is None else picture, CLOCK.now())

    def film() -> None:
        while not stop.wait(0.2):
            for name in names:
                at = CLOCK.now()
                server.offer(KeyFrame(name, "H264", at, encoded.extradata, encoded.data))

    threads = [
        Thread(target=server.run_once, args=(stop,), daemon=True),
        Thread(target=film, daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(DEADLINE)


def heard(pipe: Connection, kind: type[WORD], name: str = "", least: int = 0) -> WORD:
    """The next word of this kind (for a status: of this camera, with so many frames analysed)."""
    end = CLOCK.now().plus(DEADLINE)
    while CLOCK.now().since(end) < 0:
        word = pipe.recv() if pipe.poll(1.0) else None
        wanted = isinstance(word, kind)
        if wanted and isinstance(word, VisionStatus):
            wanted = word.camera == name and word.analysed >= least
        if wanted:
            return word
    raise AssertionError(f"no {kind.__name__} in {DEADLINE} s")


def test_an_episode_opens_on_an_rtsp_stream_with_its_still_and_closes_when_told_to_stop(
    tmp_path: Path,
) -> None:
    with camera(film(tmp_path / "clips")) as (one, _):
        work = replace(
            job(tmp_path),
            cameras=(one,),
            calibrations={"one": floor()},
            rules=Rules(distancing=DistancingRule(duration="1s")),
        )
        with recorder(work.key_frames, "one"), vision(work) as (process, pipe):
            opened = heard(pipe, Sighting)
            while opened.change.rule is not Rule.DISTANCING:
                opened = heard(pipe, Sighting)
            status = heard(pipe, VisionStatus, "one", least=10)
            pipe.send(("stop",))
            closed = heard(pipe, Sighting)
            while closed.change.episode != opened.change.episode:
                closed = heard(pipe, Sighting)
            process.join(DEADLINE)
            assert process.exitcode == 0
    assert opened.change.phase is Phase.OPENED
    assert 0.8 < opened.change.data["min_distance_m"] < 1.6
    assert opened.still.startswith(b"\xff\xd8")
    assert "person-" in opened.model
    assert "mask-" in opened.model
    assert (closed.change.phase, closed.change.reason) == (Phase.CLOSED, "stopped")
    assert status.reason == ""
    assert status.persons >= 2


def test_it_takes_new_cameras_leaves_the_others_alone_and_ends_on_a_signal(tmp_path: Path) -> None:
    work = job(tmp_path, "one")
    with recorder(work.key_frames, "one", "two"), vision(work) as (process, pipe):
        status = heard(pipe, VisionStatus, "one", least=10)
        assert status.fps > 1
        assert 0 < status.lag < 5
        assert status.reason == "calibration.missing"
        assert status.persons >= 2
        pipe.send(("cameras", (bare("one"), bare("two"))))
        assert heard(pipe, VisionStatus, "two", least=3).persons >= 2
        assert heard(pipe, VisionStatus, "one").analysed >= status.analysed
        assert process.pid
        os.kill(process.pid, signal.SIGINT)  # the parent's to answer
        assert heard(pipe, VisionStatus, "one", least=status.analysed + 1)
        os.kill(process.pid, signal.SIGTERM)
        process.join(DEADLINE)
        assert process.exitcode == 0


def test_it_dies_with_its_pipe_and_holds_no_camera_up(tmp_path: Path) -> None:
    with vision(job(tmp_path, "one")) as (process, pipe):
        assert heard(pipe, VisionStatus, "one").analysed == 0
        pipe.close()
        process.join(5)
        assert process.exitcode == 0


def test_a_damaged_model_is_told_and_ends_it_with_status_78(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODELS, models, ignore=shutil.ignore_patterns("train"))
    (models / "face.fp32.bin").write_bytes(b"damaged")
    with vision(job(tmp_path, "one", models=models)) as (process, pipe):
        assert heard(pipe, Trouble).code == "model.damaged"
        process.join(DEADLINE)
        assert process.exitcode == 78


@pytest.mark.parametrize("size", [(160, 120), (360, 640), (3840, 2160)])
def test_a_tiny_an_upright_and_a_4k_stream_are_looked_at(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    wide, high = size
    figure = Figure(wide / 2, 0.95 * high, 0.7 * min(high, 1.5 * wide))
    work = job(tmp_path, "one")
    shown = specimen("one", Size(wide, high), [figure]).image
    with recorder(work.key_frames, "one", picture=shown), vision(work) as (_, pipe):
        status = heard(pipe, VisionStatus, "one", least=10)
        assert status.persons == 1
        assert status.reason == "calibration.missing"


def test_grey_and_torn_key_frames_are_passed_over_and_the_next_whole_one_is_seen(
    tmp_path: Path,
) -> None:
    work = job(tmp_path, "one")
    server, stop, mended = KeyFrameServer(work.key_frames), Event(), Event()
    whole = key_frame(street(), CLOCK.now())
    grey = key_frame(np.full_like(street(), 128), CLOCK.now())
    torn = whole.data[: len(whole.data) // 3] + bytes(range(256)) * 40
    sent = [whole.data, b"", torn, bytes(3000), grey.data]

    def film() -> None:
        number = 0
        while not stop.wait(0.1):
            number += 1
            data = whole.data if mended.is_set() else sent[number % len(sent)]
            server.offer(KeyFrame("one", "H264", CLOCK.now(), whole.extradata, data))

    threads = [
        Thread(target=server.run_once, args=(stop,), daemon=True),
        Thread(target=film, daemon=True),
    ]
    for thread in threads:
        thread.start()
    with vision(work) as (process, pipe):
        analysed = heard(pipe, VisionStatus, "one", least=10).analysed
        mended.set()
        assert heard(pipe, VisionStatus, "one", least=analysed + 30).persons >= 2
        assert process.is_alive()
    stop.set()
    for thread in threads:
        thread.join(DEADLINE)


def test_vision_is_the_first_that_the_kernel_ends(tmp_path: Path) -> None:
    with vision(job(tmp_path, "one")) as (process, pipe):
        heard(pipe, VisionStatus, "one")
        score = Path(f"/proc/{process.pid}/oom_score_adj").read_text()
        assert int(score) > int(Path("/proc/self/oom_score_adj").read_text())


def test_a_model_put_right_is_used_though_the_agent_goes_on(tmp_path: Path) -> None:
    """The child ends with its Trouble; the agent's part starts it again and again."""
    models = tmp_path / "models"
    shutil.copytree(MODELS, models, ignore=shutil.ignore_patterns("train"))
    weights = next(iter(models.glob("person.int8.bin")))
    good = weights.read_bytes()
    weights.write_bytes(good[:-1])
    child = VisionChild(job(tmp_path, "one", models=models), ignore, ignore, ignore)
    stop = Event()
    backoff = Backoff(first=0.2, ceiling=1.0)
    thread = start_thread("vision", child.run_once, stop, backoff)
    until(lambda: [one.code for one in child.troubles] == ["model.damaged"], DEADLINE)
    weights.write_bytes(good)
    until(lambda: bool(child.statuses), DEADLINE)
    assert child.troubles == ()
    stop.set()
    thread.join(DEADLINE)


def ignore(_said: object) -> None:
    """Nobody listens."""


def test_the_agent_takes_the_job_without_the_libraries_that_see() -> None:
    seen = "import sys, edge_agent.vision.worker; print({'cv2', 'av', 'openvino'} & {*sys.modules})"
    told = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


def test_the_job_shows_no_password(tmp_path: Path) -> None:
    assert PASSWORD.password not in repr(job(tmp_path, "one"))
