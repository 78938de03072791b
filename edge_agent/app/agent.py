"""The agent: Config → objects → start order → stop order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from apscheduler.schedulers.background import BackgroundScheduler

from edge_agent.app.cameras import CameraSearch
from edge_agent.app.commands import House, SiteCommands
from edge_agent.app.custody import Custody
from edge_agent.app.detections import DetectionKeeper
from edge_agent.app.facts import Facts
from edge_agent.app.floors import FloorBook
from edge_agent.app.layout import Layout
from edge_agent.app.models import model_folder
from edge_agent.app.notices import NoticeBoard
from edge_agent.app.outbox_watch import OutboxWatch
from edge_agent.app.recorder import RecorderChild
from edge_agent.app.renewal import Renewal
from edge_agent.app.report import SelfReport
from edge_agent.app.rule_hours import HourBook
from edge_agent.app.states import CameraStates
from edge_agent.app.vision import VisionChild
from edge_agent.app.web import SitePages
from edge_agent.config.environment import watchdog_interval
from edge_agent.config.schema import Config
from edge_agent.config.secrets import Credentials
from edge_agent.core.event import Lane, Sighting
from edge_agent.core.media import Camera, CameraStatus
from edge_agent.core.perception import LivePiece, Snapshot, Walk
from edge_agent.link.mailbox import ignore
from edge_agent.link.session import RECONNECT, Link
from edge_agent.rules.places import View
from edge_agent.runtime import notify
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.runtime.supervisor import Attempt, Backoff, start_thread
from edge_agent.store.coverage import RuleHours
from edge_agent.store.journal import open_journal
from edge_agent.store.ledger import Ledger
from edge_agent.store.recordings import Recordings
from edge_agent.vision.worker import VisionJob

_STATE_POLL_SECONDS = 1.0
_PULSE_SECONDS = 30.0  # the loop over both databases; slower than that, the agent is stuck


class _Part:
    """An immortal part with a stop of its own, so that parts can end one after another."""

    def __init__(
        self, name: str, attempt: Attempt, patience: float, backoff: Backoff | None = None
    ) -> None:
        self._name, self._patience, self._stop = name, patience, Event()
        self._thread = start_thread(name, attempt, self._stop, backoff)

    def end(self) -> None:
        """Ask the part to end and wait; one that does not is left behind, and said."""
        self._stop.set()
        self._thread.join(self._patience)
        if self._thread.is_alive():
            log.error("agent.part_stuck", part=self._name, after_s=self._patience)


class Agent:
    """One site's agent. `run` returns when `stop` is set and everything has ended in order."""

    def __init__(
        self, config: Config, config_path: Path, credentials: Credentials, clock: Clock
    ) -> None:
        self._config, self._clock = config, clock
        self._layout = Layout.of(config)
        self._layout.make()
        quotas = {lane: getattr(config.mqtt.quota, lane.value) for lane in Lane}
        self._journal, damaged = open_journal(self._layout.events, quotas, clock.now().wall)
        self._recordings = Recordings(self._layout.recordings_index)
        self._search = CameraSearch(
            config, self._layout, credentials.camera, clock, self._cameras_changed
        )
        rule_hours = RuleHours(self._layout.events)
        self._hours = HourBook(rule_hours)
        self._detections = DetectionKeeper(self._layout.detections, config.vision, clock)
        self._vision = VisionChild(
            self._vision_job(config, credentials),
            self._sighted,
            self._hours.covered,
            self._interrupted,
            self._shown,
            self._detections.looked,
            self._walked,
        )
        self._report = SelfReport(
            config, self._layout, clock, self._recordings, self._search, self._vision, rule_hours
        )
        self._commands = self._command_side(config_path)
        self._link, self._outbox = self._line(credentials, damaged)
        self._custody = Custody(
            self._recordings, self._journal, self._layout.stills, config.recording, clock
        )
        self._notices, self._facts = self._tellers()
        self._floors = self._floor_book()
        self._recorder = RecorderChild(config_path, self._layout)
        self._states = CameraStates(config.vision.enabled)
        self._told: frozenset[CameraStatus] = frozenset()
        self._pulse = notify.Pulse(clock)

    def _command_side(self, config_path: Path) -> SiteCommands | None:
        """Who takes the center's commands; None where no key is trusted."""
        if not (self._config.commands.keys and self._config.mqtt.enabled):
            return None
        house = House(
            self._config,
            config_path,
            self._layout,
            self._journal,
            self._recordings,
            self._vision,
            lambda: {camera.id for camera in self._search.cameras},
            self._clock,
        )
        return SiteCommands(house)

    def _line(self, credentials: Credentials, damaged: Path | None) -> tuple[Link, OutboxWatch]:
        """The line to the center, and who watches what waits for it."""
        config, clock = self._config, self._clock
        link = Link(
            config.mqtt,
            config.site.id,
            credentials.mqtt,
            self._journal,
            self._report.birth,
            self._camera_states,
            clock,
            timezone=config.site.timezone,
            on_command=self._commands.arrived if self._commands else ignore,
        )
        if self._commands:
            self._commands.link = link
        watch = OutboxWatch(config.site.id, self._journal, link.topics, link.notify, clock)
        if damaged is not None:
            watch.damaged(damaged)
        return link, watch

    def _tellers(self) -> tuple[NoticeBoard, Facts]:
        """Who turns what the recorder and vision say into facts for the center."""
        site, link = self._config.site.id, self._link
        topics = link.topics if self._config.mqtt.enabled else None
        ledger, stills = Ledger(self._recordings.rows), self._layout.stills
        return (
            NoticeBoard(site, ledger, self._journal, topics, link.notify),
            Facts(site, self._journal, stills, self._custody, topics, link.notify, self._clock),
        )

    def _floor_book(self) -> FloorBook:
        """Who learns the floors from passers-by."""
        return FloorBook(
            self._config.site.id,
            {entry.id: entry.calibration for entry in self._config.cameras},
            self._layout.floors,
            self._journal,
            self._link.topics if self._config.mqtt.enabled else None,
            self._link.notify,
            self._clock,
        )

    def run(self, stop: Event, with_recorder: bool) -> None:
        """Start in order, wait, stop in the reverse order with a deadline for each."""
        self._custody.drop_orphans()
        self._facts.interrupted("interrupted")
        self._custody.mend()
        self._search.load()
        self._vision.cameras(self._search.cameras)
        parts = self._start(stop, with_recorder)
        scheduler = self._schedule()
        notify.ready(f"{len(self._search.cameras)} camera")
        log.info("agent.started", site=self._config.site.id)
        with notify.watchdog(stop, watchdog_interval(), self._pulse.late):
            stop.wait()
            self._facts.ending.set()
            notify.stopping()
            scheduler.shutdown(wait=False)
            for part in parts:
                part.end()
            self._hours.flush()
            self._detections.flush()
            if with_recorder:
                self._recorder.stop()
        log.info("agent.stopped", site=self._config.site.id)

    def _start(self, stop: Event, with_recorder: bool) -> tuple[_Part, ...]:
        """Start what is wanted; gives it in the order in which it is to end."""
        start_thread("search", self._search.run_once, stop)
        start_thread("states", self._tell_states, stop)
        start_thread("notices", self._notices.run_once, stop)
        parts = []
        if self._config.mqtt.enabled:
            parts.append(_Part("link", self._link.run_once, 15.0, RECONNECT))
        if self._commands:
            parts += [_Part(name, work, 5.0) for name, work in self._commands.attempts.items()]
        if with_recorder:
            parts.append(_Part("recorder", self._recorder.run_once, 5.0))
        if self._config.vision.enabled:
            parts.append(_Part("vision", self._vision.run_once, 20.0))
        if self._config.web.enabled:
            pages = SitePages(self._config, self._layout, self._clock)
            parts.append(_Part("web", pages.run_once, 6.0))
        return tuple(reversed(parts))

    def _schedule(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_job(self._detections.sweep, "interval", hours=1, misfire_grace_time=None)
        scheduler.add_job(self._custody.mend, "interval", hours=1, misfire_grace_time=None)
        scheduler.add_job(self._custody.sweep, "interval", hours=1, misfire_grace_time=None)
        scheduler.add_job(self._floors.turn, "interval", minutes=10, misfire_grace_time=None)
        if self._config.mqtt.enabled:
            renewal = Renewal(self._config, self._layout, self._clock)
            scheduler.add_job(
                renewal.turn,
                "interval",
                hours=1,
                jitter=600,  # not all sites of a district in one minute
                coalesce=True,
                misfire_grace_time=None,
                # a box that is switched off every evening must come to its turn as well
                next_run_time=self._clock.now().plus(120).wall,
            )
            scheduler.add_job(self._outbox.look, "interval", minutes=1, misfire_grace_time=None)
            scheduler.add_job(
                lambda: self._link.heartbeat(self._report.heartbeat()),
                "interval",
                seconds=self._config.mqtt.heartbeat,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        scheduler.start()
        return scheduler

    def _tell_states(self, stop: Event) -> None:
        self._pulse.promise("states", _PULSE_SECONDS)
        while not stop.wait(_STATE_POLL_SECONDS):
            self._pulse.beat("states")
            now = self._judge_states()
            for status in now.difference(self._told):
                self._link.camera_state(status)
            self._told = now

    def _judge_states(self) -> frozenset[CameraStatus]:
        known = {camera.id for camera in self._search.cameras}
        recorded = [one for one in self._recordings.statuses() if one.camera in known]
        beat = self._recordings.last_beat()
        return frozenset(
            self._states.judge(
                recorded,
                None if beat is None else beat.at.wall,
                self._vision.statuses,
                self._clock.now(),
            )
        )

    def _camera_states(self) -> Sequence[CameraStatus]:
        """What a new connection tells first: the states as last judged."""
        return tuple(self._told)

    def _vision_job(self, config: Config, credentials: Credentials) -> VisionJob:
        return VisionJob(
            site=config.site.id,
            timezone=config.site.timezone,
            cameras=(),
            calibrations={entry.id: entry.calibration for entry in config.cameras},
            views={entry.id: View(entry.zones, entry.lines) for entry in config.cameras},
            rules=config.rules,
            vision=config.vision,
            models=model_folder(config),
            credentials=credentials.cameras,
            key_frames=self._layout.key_frames,
            log=config.log,
        )

    def _cameras_changed(self, cameras: Sequence[Camera]) -> None:
        self._vision.cameras(cameras)

    def _sighted(self, sighting: Sighting) -> None:
        self._facts.sighted(sighting)

    def _shown(self, what: Snapshot | LivePiece) -> None:
        if self._commands:
            self._commands.shown(what)

    def _walked(self, walk: Walk) -> None:
        self._floors.walked(walk)

    def _interrupted(self, reason: str) -> None:
        self._facts.interrupted(reason)
