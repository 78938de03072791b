"""What a recorder says of itself every few seconds, so that the next one knows since when it must
explain: how long nobody recorded, and by which labels. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from edge_agent.core.time import Instant
from edge_agent.recording.gaps import set_back
from edge_agent.store.presence import Beat

_NONE = timedelta()
_SLACK = timedelta(seconds=30)  # rows may be so much newer than the beat
_LOOK = timedelta(seconds=2)  # a set-back is seen so much later


class Pulse:
    """The beats of one recorder. It is looked at about each second."""

    def __init__(self, boot: str) -> None:
        self._last: Beat | None = None
        self._boot = boot

    def beat(self, now: Instant) -> Beat:
        """The recorder lives, and this is what it has seen of the wall clock."""
        last = self._last
        if last is None:
            self._last = Beat(now, self._boot)
        elif set_back(last.at, now):
            back = last.at.plus(now.since(last.at)).wall - now.wall
            self._last = Beat(now, self._boot, back, now.mono)
        else:
            self._last = replace(last, at=now)
        return self._last


def by_this_boot(beat: Beat, boot: str, now: Instant) -> Beat:
    """A beat by the monotonic clock of this boot: of another boot's nothing is known, and the wall
    clock must do.
    """
    if beat.boot == boot:
        return beat
    passed = max(0.0, (now.wall - beat.at.wall).total_seconds())
    return Beat(Instant(beat.at.wall, now.mono - passed), beat.boot)


def newest_label(beat: Beat) -> datetime:
    """No row that was written before the recorder ended has a later label, by the wall clock as it
    was then.
    """
    return beat.at.wall + _SLACK


def begun_at(label: datetime, beat: Beat) -> Instant:
    """The moment of a row's label. One that is newer than the beat is as old as it at most."""
    return beat.at.labelled(label) if label < beat.at.wall else Instant(label, beat.at.mono)


def before_set_back(beat: Beat) -> tuple[datetime, Beat] | None:
    """When the clock was set back in that recorder's life: the first label of the new time, and
    the beat as the old time would have told it. None when it was not.
    """
    if beat.back == _NONE:
        return None
    first = beat.at.plus(beat.back_at - beat.at.mono).wall - _LOOK
    return first, Beat(Instant(beat.at.wall + beat.back, beat.at.mono), beat.boot)
