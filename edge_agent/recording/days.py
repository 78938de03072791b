"""The ledger over a range of days, from the database: closed days as kept, the others counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo

from edge_agent.core.ledger import Day
from edge_agent.core.media import Segment
from edge_agent.recording.coverage import account, day_bounds, day_of
from edge_agent.store.ledger import Ledger
from edge_agent.store.recordings import Recordings

KEPT_DAYS = 400
_ALIVE = timedelta(seconds=60)


class DayBook:
    """Accounts for every due second of a camera, day by day of the site's time zone."""

    def __init__(self, recordings: Recordings, zone: tzinfo) -> None:
        self.ledger = Ledger(recordings.rows)
        self._recordings, self._zone = recordings, zone

    def days(self, camera: str, first: date, last: date, now: datetime) -> tuple[Day, ...]:
        """The days from `first` to `last` on which something was due, up to `now`.

        A day of which some footage has been deleted is told as it was before. Raises Trouble.
        """
        closed = {one.day: one for one in self.ledger.closed_days(camera, first, last)}
        since = self.ledger.due_since(camera)
        if since is None:
            return ()
        first = max(first, day_of(since, self._zone))
        last = min(last, day_of(now, self._zone))
        found = (
            closed.get(day) or self._count(camera, day, since, now) for day in _range(first, last)
        )
        return tuple(one for one in found if one.due)

    def close(self, segments: Iterable[Segment], now: datetime) -> None:
        """Before these files go: keep the days that they are part of."""
        wanted: dict[str, set[date]] = {}
        for one in segments:
            end = one.start + timedelta(seconds=one.seconds)
            days = wanted.setdefault(one.camera, set())
            days.update((day_of(one.start, self._zone), day_of(end, self._zone)))
        for camera, days in wanted.items():
            known = {one.day for one in self.ledger.closed_days(camera, min(days), max(days))}
            since = self.ledger.due_since(camera)
            if since is not None and days - known:
                fresh = [self._count(camera, day, since, now) for day in sorted(days - known)]
                # a day that is not over yet is closed at its last complete moment
                self.ledger.close_days(one for one in fresh if one.due)

    def _count(self, camera: str, day: date, since: datetime, now: datetime) -> Day:
        start, end = day_bounds(day, self._zone)
        due = max(start, since), min(end, now)
        segments = self._recordings.segments(camera, *due) if due[1] > due[0] else ()
        gaps = self._recordings.gaps(camera, *due)
        if due[1] > due[0] and self._is_growing(camera, now):
            # a file that grows is in no row yet: what is known ends with what has closed
            known = [due[0], *(gap.end or due[1] for gap in gaps[-1:])]
            known.append(self._recordings.newest(camera) or due[0])
            due = due[0], min(due[1], max(known))
        return account(camera, day, due, segments, gaps)

    def _is_growing(self, camera: str, now: datetime) -> bool:
        """Whether a living recorder has a run of this camera open."""
        beat = self._recordings.last_beat()
        alive = beat is not None and abs(now - beat.at.wall) < _ALIVE
        return alive and any(run.camera == camera for run in self._recordings.open_runs())


def _range(first: date, last: date) -> Iterator[date]:
    for days in range((last - first).days + 1):
        yield first + timedelta(days=days)
