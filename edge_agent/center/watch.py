"""The center's parent connection: hears states, births and heartbeats, says `center/state`, greets
every birth with what the center has, asks again for what is missing, and notices silence.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from sqlalchemy import Connection, Engine, select

from edge_agent.center.clocks import Clocks
from edge_agent.center.flaws import Flaw
from edge_agent.center.ingest import Line
from edge_agent.center.roll import Roll, backwards
from edge_agent.center.signs import FILTERS, BirthSaid, read_sign
from edge_agent.center.silence import Timing, Verdict
from edge_agent.center.store import lanes, notices
from edge_agent.center.store.engine import reading, writing
from edge_agent.center.store.lanes import Acks
from edge_agent.center.store.pulse import next_connection, save_pulse
from edge_agent.center.store.sites import all_sites, known_epochs, save_cameras, save_sites
from edge_agent.center.store.tables import received
from edge_agent.config.center import CenterConfig
from edge_agent.core.delivery import Ack
from edge_agent.core.time import Instant, iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.acks import CONTENT_TYPE, encode_ack
from edge_agent.link.publisher import Will
from edge_agent.link.wire import JSON, encode
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.moments import us

STATE = "qcam/v1/center/state"
_EVERY = 1.0  # seconds between two looks at everybody
_ASK_AGAIN = 10.0
_OVERTAKEN = 30_000_000  # microseconds in which events may overtake the birth before them
_AT_ONCE = 500  # messages heard before the next look around


class Watch:
    """The parent's work on the line. `ready` says whether any ingest process takes messages in."""

    def __init__(
        self,
        config: CenterConfig,
        line: Callable[[Will], Line],
        engine: Engine,
        clock: Clock,
        ready: Callable[[], bool],
    ) -> None:
        timing = Timing(config.silence.heartbeat, config.silence.hold_down)
        self.roll = Roll(timing, config.ingest.skew)
        self._id = config.center.id
        self._open = line
        self._engine = engine
        self._clock = clock
        self._ready = ready
        self._births: dict[str, tuple[BirthSaid, int | None]] = {}  # when heard, where it is news
        self._standing: dict[str, Verdict] = {}
        self._clocks = Clocks(None, {})

    def run_once(self, stop: Event) -> None:
        """One connection, from our birth until `stop` (a goodbye) or its loss. Raises Trouble."""
        with writing(self._engine) as connection:
            conn = next_connection(connection, self._id)
            self.roll.load(all_sites(connection), self._clock.now())
        line = self._open(Will(STATE, self._state("offline", conn, None)))
        try:
            line.open(FILTERS)
            self._work(line, conn, stop)
        finally:
            self._judge(None)
            line.close()

    def _work(self, line: Line, conn: int, stop: Event) -> None:
        began = self._clock.now()
        said, looked, asked = "", began.mono, began.mono
        while not stop.is_set():
            word = "online" if self._ready() else "offline"
            if word != said:
                said = word
                self._say(line, word, conn)
            self._hear(line)
            now = self._clock.now()
            if now.mono - looked >= _EVERY:
                looked = now.mono
                self._look(began.mono)
            if now.mono - asked >= _ASK_AGAIN:
                asked = now.mono
                self._ask_again(line)
        self._say(line, "stopped", conn)

    def _say(self, line: Line, word: str, conn: int) -> None:
        now = self._clock.now()
        line.publish(STATE, self._state(word, conn, now), JSON, retain=True)
        log.info("center.state", state=word, conn=conn)

    def _state(self, word: str, conn: int, now: Instant | None) -> bytes:
        said = {"state": word, "center": self._id, "conn": conn}
        return encode(said | ({"time": iso(now.wall)} if now else {}))

    def _hear(self, line: Line) -> None:
        line.pump(0.2)
        while line.arrived and len(line.arrived) < _AT_ONCE and self._more(line):
            pass
        for one in line.arrived:
            sign = read_sign(one.message)
            if isinstance(sign, Flaw):
                log.warning("sign.refused", topic=one.message.topic, vi=sign.vi, en=sign.en)
                continue
            now = self._clock.now()
            if isinstance(sign, BirthSaid):
                self._births[sign.site] = sign, None if self.roll.knows(sign) else us(now.wall)
            self.roll.take(sign, now, retained=one.message.retained)
        line.arrived.clear()
        if self._births:
            self._greet(line)

    @staticmethod
    def _more(line: Line) -> bool:
        """Whether another message was there already."""
        before = len(line.arrived)
        line.pump(0.0)
        return len(line.arrived) > before

    def _greet(self, line: Line) -> None:
        """Tell those who have just come what the center has of them; note what is odd."""
        now = self._clock.now()
        births = list(self._births.values())
        try:
            with writing(self._engine) as connection:
                owners = {(one.site, one.epoch) for one, _ in births}
                refused = known_epochs(connection, owners, us(now.wall))
                for said, heard in births:
                    if heard is not None:
                        _note_backwards(connection, said, heard)
                acks = {key: lanes.all_lanes(connection, *key) for key in owners - set(refused)}
        except Trouble as trouble:  # greeted at the next turn
            log.error("center.waiting", code=trouble.code, vi=trouble.vi, en=trouble.en)
            return
        self._births.clear()
        self._tell(line, acks, now)

    def _ask_again(self, line: Line) -> None:
        """An acknowledgement with gaps is the request to send them again."""
        try:
            with reading(self._engine) as connection:
                gaps = lanes.with_gaps(connection)
        except Trouble as trouble:
            log.error("center.waiting", code=trouble.code, vi=trouble.vi, en=trouble.en)
            return
        current = {(site, heard.epoch) for site, heard in self.roll.heard.items()}
        asked = {owner: acks for owner, acks in gaps.items() if owner in current}
        if asked:
            log.info("gaps.asked", sites=len(asked))
            self._tell(line, asked, self._clock.now())

    @staticmethod
    def _tell(line: Line, acks: Acks, now: Instant) -> None:
        for (site, epoch), told in acks.items():
            payload = encode_ack(Ack(epoch, now.wall, told))
            line.publish(f"qcam/v1/center/{site}/ack", payload, CONTENT_TYPE)

    def _look(self, began: float) -> None:
        """Judge everybody, write down what changed, and say that we live."""
        now = self._clock.now()
        self._judge(began)
        rows, cameras = self.roll.to_write()
        try:
            with writing(self._engine) as connection:
                save_sites(connection, rows)
                save_cameras(connection, cameras)
                self._note_clocks(connection, us(now.wall))
                off = self._clocks.center
                save_pulse(connection, self._id, us(now.wall), off if off is None else off * 1000)
        except Trouble as trouble:
            log.error("center.waiting", code=trouble.code, vi=trouble.vi, en=trouble.en)
            return
        self.roll.written()

    def _judge(self, listening: float | None) -> None:
        """Look at every site; a change of standing, and a page, is one log line."""
        now = self._clock.now()
        for site, verdict in self.roll.judge(now, listening).items():
            before = self._standing.get(site)
            self._standing[site] = verdict
            if before is None or before.standing is not verdict.standing:
                log.info("site.standing", site=site, standing=verdict.standing.value)
            if verdict.page and not (before and before.page):
                lasted = round(now.mono - verdict.since)
                log.warning("site.page", site=site, standing=verdict.standing.value, for_s=lasted)

    def _note_clocks(self, connection: Connection, now: int) -> None:
        """Tell once when a clock goes wrong; what is known already is only kept fresh."""
        before, self._clocks = self._clocks, self.roll.clocks(self._clock.now())
        if self._clocks.center is not None and before.center is None:
            told = notices.center_clock(self._clocks.center, len(self.roll.rows))
            notices.tell(connection, told, now)
            log.error("center.clock_wrong", vi=told.vi, en=told.en)
        for site in self._clocks.skewed.keys() - before.skewed.keys():
            notices.tell(connection, notices.skewed(site, self._clocks.skewed[site]), now)
            log.warning("site.clock", site=site, ahead_s=round(self._clocks.skewed[site], 1))


def _note_backwards(connection: Connection, said: BirthSaid, heard: int) -> None:
    """A lane that has just changed is not judged: what the site sent after its birth may have been
    written down before the birth was heard. No device is restored within that time.
    """
    query = select(received.c.lane, received.c.highest).where(
        received.c.site == said.site,
        received.c.epoch == said.epoch,
        received.c.changed <= heard - _OVERTAKEN,
    )
    known = {row.lane: row.highest for row in connection.execute(query)}
    for lane, told, highest in backwards(said, known):
        notices.tell(connection, notices.sequence_backwards(said.site, lane, told, highest), heard)
        log.warning("site.backwards", site=said.site, lane=lane, said=told, received=highest)
