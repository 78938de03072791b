"""Inside the vision process: signals, models, the pipe to the agent."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Lock, Thread

import cv2

from edge_agent.config.schema import Vision
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.logs import configure, hide, log
from edge_agent.runtime.memory import give_back, settle
from edge_agent.vision.detector import load_detector
from edge_agent.vision.faces import FaceReader
from edge_agent.vision.lookout import Lookout
from edge_agent.vision.models import check_models
from edge_agent.vision.pipeline import Models
from edge_agent.vision.room import go_first
from edge_agent.vision.worker import VisionJob

_LARGE = 1_000_000  # bytes: more than a frame of a sub stream, less than one of a main stream
_EX_CONFIG = 78  # sysexits.h: no restart will cure it
_POLL = 0.5  # seconds


def work(job: VisionJob, pipe: Connection) -> int:
    """Run until told to stop; the exit status of the process."""
    stop = Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    configure(job.log.format, job.log.level)
    hide(credential.password for credential in job.credentials.values())
    cv2.setNumThreads(1)
    go_first()
    settle(_LARGE)
    try:
        models = load_models(job.models, job.vision, job.key_frames.parent / "ultralytics")
        lookout = Lookout(job, models, _one_at_a_time(pipe), SystemClock())
    except Trouble as trouble:
        pipe.send(trouble)
        return _EX_CONFIG
    give_back()
    Thread(target=_listen, args=(pipe, lookout, stop), name="pipe", daemon=True).start()
    try:
        lookout.run(stop)
    except (BrokenPipeError, ConnectionResetError):
        log.info("vision.orphaned")
    return 0


def load_models(folder: Path, vision: Vision, scratch: Path) -> Models:
    """The models of this folder, checked and compiled; a backend may write to `scratch`.

    Raises Trouble `model.*`.
    """
    person, face, mask = check_models(folder, vision)
    detector = load_detector(person, vision, scratch)
    faces = FaceReader(face, mask, vision)
    return Models(detector, faces.read, faces.everywhere, f"{detector.model} {faces.model}")


def _one_at_a_time(pipe: Connection) -> Callable[[object], None]:
    """Say something to the agent; words of several threads never mix."""
    lock = Lock()

    def say(word: object) -> None:
        with lock:
            pipe.send(word)

    return say


def _listen(pipe: Connection, lookout: Lookout, stop: Event) -> None:
    """Do what the agent says; end the process when it is gone: nobody would hear the rest."""
    while not stop.is_set():
        try:
            if not pipe.poll(_POLL):
                continue
            word = pipe.recv()
        except (EOFError, OSError):
            sys.stdout.flush()
            os._exit(0)
        match word:
            case ("cameras", tuple() as cameras):
                lookout.change(cameras)
            case ("snapshot", str() as request, str() as camera):
                lookout.snapshot(request, camera)
            case ("live", str() as request, str() as camera, float() as seconds):
                lookout.live(request, camera, seconds)
            case ("stop",):
                stop.set()
                lookout.wake()
            case _:
                log.warning("vision.unknown_word", kind=type(word).__name__)
