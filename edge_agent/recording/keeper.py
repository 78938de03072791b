"""Who keeps the promise of thirty days: deletes what may go, makes room, looks ahead, tells."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from edge_agent.config.schema import Recording
from edge_agent.core.ledger import Deletion, Promise, RetentionStatus, Why
from edge_agent.core.media import GapReason, Segment
from edge_agent.core.time import iso
from edge_agent.recording import notices
from edge_agent.recording.days import KEPT_DAYS, DayBook
from edge_agent.recording.eraser import Eraser
from edge_agent.recording.retention import (
    Held,
    Stock,
    bytes_per_day,
    plausible,
    promise,
    risk_days,
    room_for,
    victims,
)
from edge_agent.runtime.logs import log
from edge_agent.store.holds import Holds
from edge_agent.store.recordings import Recordings

_FEW = 600
_FILES = 20_000  # of one camera, looked at in one pass
_ROOM_SECONDS = 300.0  # of recording that must fit before anybody has to act again
_LEAST_ROOM = 5 * 2**20
_STOPPED = timedelta(seconds=60)  # of a full disk that break the promise


class Keeper:
    """Acts on the decisions of `retention`. Every method raises Trouble (database) or OSError."""

    def __init__(
        self, root: Path, recordings: Recordings, settings: Recording, zone: tzinfo
    ) -> None:
        self.book = DayBook(recordings, zone)
        self.ledger = self.book.ledger
        self._root, self._recordings, self._settings = root, recordings, settings
        self._holds = Holds(recordings.rows)
        self._eraser = Eraser(root, recordings, self.book)
        self._full = False
        self._rate = 0.0
        if settings.floor_override:
            floor, why = settings.floor_days, settings.floor_override
            log.warning("retention.floor_override", floor_days=floor, reason=why)

    def newest(self) -> dict[str, datetime]:
        """The last recorded moment of every camera."""
        found = ((camera, self._recordings.newest(camera)) for camera in self.ledger.cameras())
        return {camera: moment for camera, moment in found if moment is not None}

    def plausible(self, now: datetime) -> bool:
        """Whether the clock is not before what has been recorded."""
        newest = self.newest()
        if plausible(newest, now):
            return True
        log.warning("clock.suspect", now=iso(now), newest=iso(max(newest.values())))
        return False

    def delete_past_ceiling(self, now: datetime) -> int:
        """Delete what is past the ceiling and not held; how many files."""
        ceiling, floor = self._settings.ceiling_days, self._settings.floor_days
        newest = self.newest()
        past = self._older(newest, now - timedelta(days=max(ceiling, floor)), _FILES)
        old = victims(past, newest, now, ceiling, floor, self._holds.active(now))
        return sum(one.files for one in self._eraser.erase(old, Why.CEILING, now))

    def make_room(self, now: datetime) -> int:
        """When the disk runs full: delete what is older than the floor; inside the floor only if
        the configuration chooses so. How many files went.
        """
        free, total = self._space()
        margin = min(total // 4, max(_LEAST_ROOM, round(self._rate * _ROOM_SECONDS / 86_400)))
        least = self._settings.min_free
        if free >= least + margin:
            self._full = False
            return 0
        if least + 2 * margin > total:  # no deletion could ever satisfy that configuration
            self._say_full(now, free, least)
            return 0
        needed = least + 2 * margin - free
        gone = self._take(needed, now, timedelta(days=self._settings.floor_days), Why.SPACE)
        needed -= sum(one.size for one in gone)
        if needed > 0 and self._settings.when_full == "delete_oldest":
            early = self._take(needed, now, timedelta(), Why.DISK_FULL)
            for one in early:
                self.ledger.notify(notices.deleted_early(one, self._settings.floor_days))
            gone += early
        if not gone:
            self._say_full(now, free, least)
        return sum(one.files for one in gone)

    def look_ahead(self, now: datetime) -> tuple[RetentionStatus, ...]:
        """How every camera's promise stands; written down, and told where it has changed."""
        before = self.ledger.retention()
        stocks = dict(self._stocks(now))
        capacity = self._capacity(stocks)
        risk = risk_days(stocks.values(), capacity, now, self._settings.floor_days)
        self._rate = sum(stock.per_day for stock in stocks.values())
        found = []
        for camera, stock in sorted(stocks.items()):
            held = (now - stock.oldest) / timedelta(days=1)
            state = promise(held, self._broken(camera, now), risk)
            old = before.get(camera)
            since = old.since if old is not None and old.state is state else now
            status = RetentionStatus(
                *(camera, state, since, now, held, risk, round(stock.per_day)),
                held_bytes=sum(stock.held_by_day.values()),
                capacity=capacity,
            )
            found.append(status)
            self._tell(status, old)
        self.ledger.write_retention(found)
        return tuple(found)

    def forget(self, now: datetime) -> None:
        """Drop what even the ledger no longer keeps."""
        self.ledger.forget_before(now - timedelta(days=KEPT_DAYS))

    def _tell(self, status: RetentionStatus, old: RetentionStatus | None) -> None:
        if status.state is not Promise.MET:
            log.warning(
                f"retention.{status.state.value}",
                camera=status.camera,
                days_held=round(status.days_held, 1),
                floor_days=self._settings.floor_days,
                risk_days=None if status.risk_days is None else round(status.risk_days, 1),
                when_full=self._settings.when_full,
            )
        known = old.state if old is not None else Promise.MET
        if status.state is not known:
            floor, choice = self._settings.floor_days, self._settings.when_full
            self.ledger.notify(notices.retention_changed(status, floor, choice))

    def _say_full(self, now: datetime, free: int, least: int) -> None:
        if self._full or free >= max(least, _LEAST_ROOM):
            return
        self._full = True
        choice = self._settings.when_full
        log.error("disk.full", free=free, min_free=least, when_full=choice)
        self.ledger.notify(notices.disk_full(now, free, choice))

    def _take(self, needed: int, now: datetime, age: timedelta, why: Why) -> list[Deletion]:
        newest, holds = self.newest(), self._holds.active(now)
        chosen: tuple[Segment, ...] = ()
        for files in (_FEW, _FILES):  # the first may all be on hold
            old = self._older(newest, now - age, files)
            chosen = room_for(needed, old, newest, now, holds)
            if sum(one.size for one in chosen) >= needed:
                break
        return list(self._eraser.erase(chosen, why, now))

    def _older(self, cameras: Iterable[str], moment: datetime, files: int) -> list[Segment]:
        found: list[Segment] = []
        for camera in cameras:
            found += self.ledger.older_than(camera, moment, files)
        return found

    def _stocks(self, now: datetime) -> Iterator[tuple[str, Stock]]:
        holds = Held(self._holds.active(now), now)
        for camera, by_day in self.ledger.bytes_by_day().items():
            oldest = self._recordings.oldest(camera)
            if oldest is not None:
                held: dict[int, int] = {}
                for start, end in holds.spans(camera):
                    for day, size in self.ledger.bytes_between(
                        camera, start, min(end, now)
                    ).items():
                        held[day] = held.get(day, 0) + size
                yield camera, Stock(by_day, held, oldest, bytes_per_day(by_day, oldest, now))

    def _capacity(self, stocks: dict[str, Stock]) -> int:
        """What the disk has for footage: all of it but foreign bytes and what stays free."""
        ours = sum(sum(stock.by_day.values()) for stock in stocks.values())
        return max(0, self._space()[0] + ours - self._settings.min_free)

    def _space(self) -> tuple[int, int]:
        """Bytes free for us, and of the whole file system."""
        disk = os.statvfs(self._root)
        return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize

    def _broken(self, camera: str, now: datetime) -> bool:
        """Whether something is missing inside the floor because the disk was full."""
        floor = now - timedelta(days=self._settings.floor_days)
        if any(one.why is Why.DISK_FULL for one in self.ledger.deletions(camera, floor, now)):
            return True
        gaps = self._recordings.gaps(camera, floor, now)
        full = (gap for gap in gaps if gap.reason is GapReason.DISK_FULL)
        return sum(((gap.end or now) - gap.start for gap in full), timedelta()) > _STOPPED
