"""The center's processes: a parent that watches, and ingest processes that it keeps alive."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event

from sqlalchemy import Engine

from edge_agent.center.door import center_door
from edge_agent.center.ingest import Line
from edge_agent.center.store.engine import open_engine
from edge_agent.center.upkeep import Upkeep
from edge_agent.center.watch import Watch
from edge_agent.center.worker import Worker
from edge_agent.config.center import CenterConfig
from edge_agent.config.environment import for_child
from edge_agent.config.secrets import Credentials
from edge_agent.runtime import notify
from edge_agent.runtime.child import Child
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.lock import SingleInstance, held
from edge_agent.runtime.logs import log
from edge_agent.runtime.supervisor import Backoff, immortal, start_thread

# broker and database stand close by: whoever comes back is met soon
AGAIN = Backoff(first=0.5, ceiling=5.0, jitter=0.5, settled=5.0)


def ready_lock(config: CenterConfig, number: int) -> Path:
    """The lock that ingest process `number` holds while it takes messages in; the kernel drops it
    with the process.
    """
    return config.storage.state / "run" / f"ingest-{number}.lock"


def run_center(
    config: CenterConfig,
    path: Path,
    credentials: Credentials,
    workers: int,
    clock: Clock,
    stop: Event,
) -> None:
    """The parent: migrates the database, keeps `workers` ingest processes, watches, until `stop`.

    Raises Trouble when another parent runs on this folder or the database is not usable at all.
    """
    with SingleInstance(config.storage.state / "run" / "center.lock"):
        engine = open_center(config, credentials, check=True)
        locks = [ready_lock(config, number) for number in range(1, workers + 1)]
        threads = [
            start_thread(f"ingest-{number}", _child(path, number).run_once, stop, AGAIN)
            for number in range(1, workers + 1)
        ]
        if config.https.enabled:
            door, upkeep = center_door(config, clock), Upkeep(config, engine, clock)
            threads.append(start_thread("https", door.run_once, stop, AGAIN))
            threads.append(start_thread("upkeep", upkeep.run_once, stop, AGAIN))
        watch = Watch(
            config,
            lambda will: Line(config.mqtt, credentials.mqtt, will=will, with_hands=False),
            engine,
            clock,
            lambda: any(held(lock) for lock in locks),
        )
        notify.ready(config.center.id)
        log.info("center.started", center=config.center.id, workers=workers)
        immortal("center-watch", watch.run_once, stop, AGAIN)
        notify.stopping()
        for thread in threads:
            thread.join()
        engine.dispose()


def run_worker(
    config: CenterConfig, credentials: Credentials, number: int, clock: Clock, stop: Event
) -> None:
    """One ingest process, until `stop`. It may also run on another machine than the parent."""
    start_thread("parent", partial(_end_with, os.getppid()), stop)
    engine = open_center(config, credentials)
    window = min(2 * config.ingest.batch, 65535)
    with ExitStack() as held_while_ready:
        lock = SingleInstance(ready_lock(config, number))

        def ready(yes: bool) -> None:
            held_while_ready.close()
            if yes:
                held_while_ready.enter_context(lock)

        worker = Worker(
            config.ingest,
            lambda: Line(config.mqtt, credentials.mqtt, window=window),
            engine,
            clock,
            ready,
        )
        immortal("ingest", worker.run_once, stop, AGAIN)
        log.info("ingest.stopped", stored=worker.stored, refused=worker.refused)
    engine.dispose()


def _end_with(parent: int, stop: Event) -> None:
    """An ingest process ends with its parent, also when that was killed: the next one starts its
    own.
    """
    while not stop.wait(0.5):
        if os.getppid() != parent:
            log.warning("ingest.orphaned", parent=parent)
            stop.set()


def open_center(config: CenterConfig, credentials: Credentials, *, check: bool = False) -> Engine:
    """The center's database, migrated. Raises Trouble."""
    storage = config.storage
    return open_engine(storage.database, storage.state, credentials.database, check=check)


def _child(path: Path, number: int) -> Child:
    argv = (sys.executable, "-m", "edge_agent", "center", "ingest", "--config", str(path))
    return Child(f"ingest-{number}", (*argv, "--number", str(number)), env=for_child())
