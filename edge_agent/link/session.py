"""The link of a site: connect, say who is here, relay facts, listen to the center, say goodbye."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Literal

from edge_agent.config.schema import Mqtt
from edge_agent.core.event import Lane
from edge_agent.core.media import CameraStatus
from edge_agent.core.secret import Credential
from edge_agent.link import floor, troubles, wire
from edge_agent.link.account import OTHER, Account
from edge_agent.link.heartbeat import Delivery, heartbeat
from edge_agent.link.mailbox import Mailbox, OnCommand, ignore
from edge_agent.link.mqtt import IN_FLIGHT, MqttLink
from edge_agent.link.publisher import Outcome, Publisher, Receipt, Will
from edge_agent.link.relay import REFUSED_SECONDS, Figures, Relay
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.logs import log
from edge_agent.runtime.supervisor import Backoff
from edge_agent.store.journal import Journal

RECONNECT = Backoff(first=1.0, ceiling=30.0, jitter=0.5, settled=30.0)

_IDLE_SECONDS = 0.5  # how late a stop, or an event that nobody notified of, is seen
_RECEIPT_SECONDS = 120.0
_DRAIN_SECONDS = 5.0
_FAREWELL_SECONDS = 2.0
_STATES_AT_ONCE = 10


class Link:
    """Keeps the center informed over one MQTT connection at a time; an immortal thread's attempt.

    Start it with `supervisor.start_thread("link", link.run_once, stop, RECONNECT)`. Facts come
    from the journal (`notify` after recording one); states and heartbeats pass it by: latest wins,
    and while there is no connection they are dropped, the next connection tells all anew from
    `birth` and `cameras` (called in the link's thread). `on_command` is called in the link's thread
    with topic, payload and user properties of what the center asks; it must not block. All methods
    may be called from any thread.
    """

    def __init__(
        self,
        settings: Mqtt,
        site: str,
        credential: Credential | None,
        journal: Journal,
        birth: Callable[[], Mapping[str, Any]],
        cameras: Callable[[], Sequence[CameraStatus]],
        clock: Clock | None = None,
        refused_seconds: float = REFUSED_SECONDS,
        timezone: str = "UTC",
        on_command: OnCommand = ignore,
    ) -> None:
        self.topics = wire.Topics(site)
        self._settings = settings
        self._credential = credential
        self._journal = journal
        self._birth = birth
        self._cameras = cameras
        self._clock = clock or SystemClock()
        self._wake = threading.Event()
        self._account = Account(journal.spent, _caps(settings), timezone)
        self._relay = Relay(
            journal,
            self.topics,
            self._account,
            self._clock,
            self._wake.set,
            settings.ack,
            refused_seconds,
        )
        self._mailbox = Mailbox(
            journal, self.topics, self._relay, self._clock, self._wake.set, on_command
        )
        self._line: tuple[Publisher, int] | None = None
        self._in_flight = IN_FLIGHT
        self._lock = threading.Lock()
        self._changed: dict[str, CameraStatus] = {}
        self._telling: set[Future[Receipt]] = set()

    @property
    def connected(self) -> bool:
        """Whether the center's broker has admitted us and the connection stands."""
        line = self._line
        return line is not None and line[0].connected

    @property
    def figures(self) -> Figures:
        """What was sent in this run, repetitions included, and what became of it."""
        return self._relay.figures

    def notify(self) -> None:
        """There is something new in the journal."""
        self._wake.set()

    def camera_state(self, status: CameraStatus) -> None:
        """Tell a camera's new state (retained). Update what `cameras` returns first."""
        with self._lock:
            self._changed[status.camera] = status
        self._wake.set()

    def heartbeat(self, site: Mapping[str, Any]) -> bool:
        """Tell the figures of this moment (QoS 0, not retained); False when nobody hears it."""
        line = self._line
        if line is None or not line[0].connected:
            return False
        publisher, conn = line
        now, outbox = self._clock.now().wall, self._journal.outbox
        delivery = Delivery(
            outbox.backlog(),
            self._account.report(now),
            outbox.given_up(),
            outbox.set_aside_total(),
        )
        payload = heartbeat(self._journal.epoch, conn, now, delivery, site)
        self._publish(publisher, self.topics.heartbeat, payload, qos=0)
        return True

    def reply(self, request: str, payload: bytes) -> bool:
        """Answer a command (QoS 1, not retained); False when nobody hears it."""
        line = self._line
        if line is None or not line[0].connected:
            return False
        self._publish(line[0], self.topics.reply(request), payload)
        return True

    def run_once(self, stop: threading.Event) -> None:
        """One connection, from its greeting until `stop` (a clean goodbye) or its loss.

        Raises Trouble: no connection, not admitted, lost, or the journal does not answer.
        """
        self._judge_clock()
        conn = self._journal.next_connection()
        mqtt = MqttLink(
            self._settings,
            f"qcam-{self.topics.site}",
            self._credential,
            Will(self.topics.state, self._state("offline", conn)),
            self._wake.set,
            self._in_flight,
            self._mailbox.put,
        )
        clean = False
        try:
            mqtt.connect(stop)
            if mqtt.window < self._in_flight:
                log.info("link.narrow", broker=str(mqtt.address), window=mqtt.window)
                self._in_flight = mqtt.window  # paho takes it before the connection only
            elif mqtt.connected:
                self._greet(mqtt, conn, stop)
                self._work(mqtt, stop)
                self._say_goodbye(mqtt, conn)
            clean = True
        finally:
            self._line = None
            mqtt.close(with_will=not clean)
            if not clean:
                self._relay.lost()

    def _judge_clock(self) -> None:
        """Raises Trouble `link.clock_behind` where certificates matter and cannot be judged."""
        if self._settings.url.startswith("mqtts:"):
            trouble = floor.behind(self._clock.now().wall, self._journal.clock_floor())
            if trouble:
                raise trouble

    def _greet(self, mqtt: MqttLink, conn: int, stop: threading.Event) -> None:
        if self._settings.ack == "center":  # first: the birth is answered by an acknowledgement
            heard = (self.topics.ack, self.topics.commands, wire.CENTER_STATE)
            mqtt.subscribe(heard, stop)
        now, epoch = self._clock.now().wall, self._journal.epoch
        high_water, site = self._journal.outbox.high_water(), self._birth()
        birth = wire.birth(epoch, conn, now, high_water, self._settings.ack, site)
        self._tell(mqtt, self.topics.state, self._state("online", conn))
        self._tell(mqtt, self.topics.birth, birth)
        with self._lock:
            self._changed.clear()  # before asking: what changes from here on is told again
        snapshot = {status.camera: status for status in self._cameras()}
        with self._lock:
            self._changed = snapshot | self._changed
        self._relay.begin(mqtt, self._in_flight)
        self._line = mqtt, conn
        log.info("link.connected", broker=str(mqtt.address), conn=conn, cameras=len(snapshot))

    def _work(self, mqtt: MqttLink, stop: threading.Event) -> None:
        while not stop.is_set():
            self._wake.clear()
            if not mqtt.connected:
                raise mqtt.trouble()
            self._mailbox.read()
            self._relay.turn()
            if self._relay.oldest_flight() > _RECEIPT_SECONDS:
                raise troubles.no_receipt(str(mqtt.address), _RECEIPT_SECONDS)
            self._tell_cameras(mqtt)
            self._wake.wait(_IDLE_SECONDS)

    def _say_goodbye(self, mqtt: MqttLink, conn: int) -> None:
        """What still waits gets a few seconds to go, then the state says that this was meant."""
        began = self._clock.now()
        busy = True
        while busy and mqtt.connected and self._clock.now().since(began) < _DRAIN_SECONDS:
            self._wake.clear()
            self._mailbox.read()
            busy = self._relay.turn()
            self._tell_cameras(mqtt)
            self._wake.wait(0.1 if busy else 0)
        told = self._tell(mqtt, self.topics.state, self._state("stopped", conn))
        try:
            outcome = told.result(_FAREWELL_SECONDS).outcome
        except TimeoutError:
            outcome = Outcome.LOST
        self._account.flush(self._clock.now(), all_of_it=True)
        log.info("link.stopped", conn=conn, goodbye=outcome.value)

    def _tell_cameras(self, mqtt: MqttLink) -> None:
        while len(self._telling) < _STATES_AT_ONCE:
            with self._lock:
                if not self._changed:
                    return
                _camera, status = self._changed.popitem()
            self._tell(mqtt, self.topics.camera(status.camera), wire.camera_state(status))

    def _tell(self, mqtt: MqttLink, topic: str, payload: bytes) -> Future[Receipt]:
        """Publish a state (retained); refusals are logged, the next connection tries again."""

        def heard(future: Future[Receipt]) -> None:
            self._telling.discard(future)
            if future.result().outcome in {Outcome.REFUSED, Outcome.OVERSIZE}:
                log.warning("link.refused", topic=topic, reason=future.result().reason)
            self._wake.set()

        told = self._publish(mqtt, topic, payload, retain=True)
        self._telling.add(told)
        told.add_done_callback(heard)
        return told

    def _publish(
        self, line: Publisher, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> Future[Receipt]:
        self._account.spend(OTHER, len(topic) + len(payload))
        return line.publish(topic, payload, qos=qos, retain=retain, content_type=wire.JSON)

    def _state(self, word: Literal["online", "stopped", "offline"], conn: int) -> bytes:
        now = None if word == "offline" else self._clock.now().wall
        return wire.state(word, self._journal.epoch, conn, now)


def _caps(settings: Mqtt) -> dict[Lane, int]:
    budget = settings.budget
    return {Lane.STATE: budget.state, Lane.BULK: budget.bulk, Lane.IMAGE: budget.image}
