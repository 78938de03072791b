"""Whether a site is there, and whether a person would be told. Pure; seconds are monotonic.

"No message" never reads as "nothing happened": a site that says nothing is silent, and as long as
we cannot hear anybody, nobody is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_MISSED = 2.2  # heartbeats: two did not come, and the second had time to be slow


class Standing(StrEnum):
    """How a site is."""

    ONLINE = "online"
    SILENT = "silent"  # it says it is online, and no heartbeat comes
    OFFLINE = "offline"  # the broker said so in its name
    STOPPED = "stopped"  # it said goodbye
    UNKNOWN = "unknown"  # we cannot hear, or it was never heard


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a site: its last word with its connection, and the last heartbeat."""

    word: str = ""
    epoch: str = ""
    conn: int = 0
    word_at: float = 0.0
    beat_at: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """`heartbeat` the sites' interval, `hold_down` how long trouble lasts before a person is told;
    both in seconds.
    """

    heartbeat: float
    hold_down: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a site is, since when (monotonic), and whether a person would be told now."""

    standing: Standing
    since: float
    page: bool = False


def supersedes(heard: Heard, word: str, epoch: str, conn: int) -> bool:
    """Whether a word of `state` is news. The end of an older connection is not: after a reconnect
    the broker may say the old one's will last.
    """
    if epoch != heard.epoch:
        return word == "online" or not heard.epoch
    if conn != heard.conn:
        return conn > heard.conn
    return word != "online" or heard.word in {"", "online"}


def judge(heard: Heard, now: float, listening: float | None, timing: Timing) -> Verdict:
    """How the site is at `now`; `listening` is since when we hear everybody, None while we do not.

    Time in which we did not listen is held against nobody.
    """
    if listening is None or not heard.word:
        return Verdict(Standing.UNKNOWN, heard.word_at)
    if heard.word == "stopped":
        return Verdict(Standing.STOPPED, heard.word_at)
    if heard.word == "offline":
        lasted = now - max(heard.word_at, listening)
        return Verdict(Standing.OFFLINE, heard.word_at, lasted >= timing.hold_down)
    last = max(heard.word_at, heard.beat_at or heard.word_at)
    quiet = now - max(last, listening) - _MISSED * timing.heartbeat
    if quiet <= 0:
        return Verdict(Standing.ONLINE, heard.word_at)
    return Verdict(Standing.SILENT, last, quiet >= timing.hold_down)
