"""The roll of the sites: what was heard of each, what follows from it, what has to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from edge_agent.center import clocks, silence
from edge_agent.center.clocks import Clocks, Offsets
from edge_agent.center.signs import BirthSaid, CameraSaid, HeartbeatSaid, Sign, StateSaid
from edge_agent.center.silence import Heard, Timing, Verdict
from edge_agent.center.store.sites import SiteRow
from edge_agent.core.time import Instant
from edge_agent.store.moments import us

_FRESH_BEATS = 4.0  # heartbeats: older offsets have no vote about clocks


class Roll:
    """Every site with what it said last. One thread; nothing here touches disk or network."""

    def __init__(self, timing: Timing, skew: float) -> None:
        self._timing, self._skew = timing, skew
        self.rows: dict[str, SiteRow] = {}
        self.heard: dict[str, Heard] = {}
        self._offsets: dict[str, Offsets] = {}
        self._best: dict[str, float] = {}
        self._changed: set[str] = set()
        self._cameras: dict[tuple[str, str], dict[str, Any]] = {}

    def load(self, rows: Mapping[str, SiteRow], now: Instant) -> None:
        """What a former run wrote down. Its times are on the wall clock: before our own start they
        only label.
        """
        for site, row in rows.items():
            self.rows[site] = row
            ago = max(0.0, (us(now.wall) - row.word_at) / 1e6)
            self.heard[site] = Heard(row.word, row.epoch, row.conn, now.mono - ago)

    def take(self, sign: Sign, now: Instant, *, retained: bool = False) -> None:
        """A sign of life came in; `retained` ones were said before we listened."""
        row = self.rows.setdefault(sign.site, SiteRow(sign.site, us(now.wall)))
        heard = self.heard.setdefault(sign.site, Heard())
        if isinstance(sign, StateSaid):
            self._state(sign, row, heard, now, retained=retained)
        elif isinstance(sign, BirthSaid):
            self._birth(sign, row, heard, now)
        elif isinstance(sign, HeartbeatSaid):
            self._beat(sign, row, heard, now)
        elif isinstance(sign, CameraSaid):
            self._camera(sign, now)

    def knows(self, said: BirthSaid) -> bool:
        """Whether this very birth was heard before: the broker keeps it for every new listener."""
        row = self.rows.get(said.site)
        return row is not None and row.birth == said.text

    def judge(self, now: Instant, listening: float | None) -> dict[str, Verdict]:
        """How every site is, and the rows that change with it."""
        verdicts = {
            site: silence.judge(heard, now.mono, listening, self._timing)
            for site, heard in self.heard.items()
        }
        for site, verdict in verdicts.items():
            self._note(site, verdict, now)
        return verdicts

    def clocks(self, now: Instant) -> Clocks:
        """Whose clock is wrong, by heartbeats that are fresh."""
        oldest = now.mono - _FRESH_BEATS * self._timing.heartbeat
        fresh = {
            site: offset
            for site, offset in self._best.items()
            if (self.heard[site].beat_at or 0.0) >= oldest
        }
        return clocks.judge(fresh, self._skew)

    def to_write(self) -> tuple[list[SiteRow], list[dict[str, Any]]]:
        """Rows of sites and of cameras that changed since `written`."""
        return [self.rows[site] for site in sorted(self._changed)], list(self._cameras.values())

    def written(self) -> None:
        """They are on disk."""
        self._changed.clear()
        self._cameras.clear()

    def _say(self, site: str, **changes: Any) -> None:
        row = self.rows[site].said(**changes)
        if row != self.rows[site]:
            self.rows[site] = row
            self._changed.add(site)

    def _state(
        self, said: StateSaid, row: SiteRow, heard: Heard, now: Instant, *, retained: bool
    ) -> None:
        # what is retained is the latest by definition, whatever we remember
        if not retained and not silence.supersedes(heard, said.word, said.epoch, said.conn):
            return
        same = (said.word, said.epoch, said.conn) == (heard.word, heard.epoch, heard.conn)
        at, wall = (heard.word_at, row.word_at) if same else (now.mono, us(now.wall))
        self.heard[said.site] = replace(
            heard, word=said.word, epoch=said.epoch, conn=said.conn, word_at=at
        )
        self._say(said.site, word=said.word, epoch=said.epoch, conn=said.conn, word_at=wall)

    def _birth(self, said: BirthSaid, row: SiteRow, heard: Heard, now: Instant) -> None:
        if said.epoch == heard.epoch and said.conn < heard.conn:
            return
        if said.epoch != heard.epoch:
            self.heard[said.site] = replace(heard, epoch=said.epoch, conn=said.conn)
        known = row.birth == said.text
        at = row.birth_at if known else us(now.wall)
        self._say(said.site, epoch=said.epoch, conn=said.conn, birth=said.text, birth_at=at)

    def _beat(self, said: HeartbeatSaid, _row: SiteRow, heard: Heard, now: Instant) -> None:
        self.heard[said.site] = replace(heard, beat_at=now.mono)
        offsets = self._offsets.setdefault(said.site, Offsets())
        best = offsets.add((now.wall - said.time).total_seconds())
        self._best[said.site] = best
        self._say(
            said.site, heartbeat=said.text, heartbeat_at=us(now.wall), skew=round(best * 1000)
        )

    def _camera(self, said: CameraSaid, now: Instant) -> None:
        self._cameras[said.site, said.camera] = {
            "site": said.site,
            "camera": said.camera,
            "state": said.state,
            "reason": said.reason,
            "since": us(said.since),
            "heard": us(now.wall),
        }

    def _note(self, site: str, verdict: Verdict, now: Instant) -> None:
        row = self.rows[site]
        since = row.since
        if verdict.standing.value != row.standing:
            since = us(_label(verdict.since, now))
        self._say(site, standing=verdict.standing.value, since=since, paged=int(verdict.page))


def _label(mono: float, now: Instant) -> datetime:
    """The wall time that belongs to a monotonic moment."""
    return now.wall - timedelta(seconds=now.mono - mono)


def backwards(said: BirthSaid, received: Mapping[str, int]) -> Iterable[tuple[str, int, int]]:
    """Lanes of which the site gave out fewer numbers than came here: lane, said, received."""
    for lane, highest in received.items():
        if said.marks.get(lane, highest) < highest:
            yield lane, said.marks[lane], highest
