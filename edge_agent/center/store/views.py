"""What people are shown: sites, events, quarantine, notices. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from edge_agent.center.store.sites import SiteRow, all_sites
from edge_agent.center.store.tables import events, notices, pulse, quarantine, received
from edge_agent.store.moments import us, wall


@dataclass(frozen=True, slots=True)
class SiteView:
    """One line of the table of sites; `backlog` None when no heartbeat ever said it."""

    row: SiteRow
    backlog: int | None
    last_event: datetime | None
    notices: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """The center's last sign of life, and how far its clock is off by what the sites say."""

    center: str
    beat: datetime | None
    clock_off: float | None


def site_views(connection: Connection) -> list[SiteView]:
    """Every site, by name."""
    last = _by_site(connection, select(received.c.site, func.max(received.c.changed)))
    told = _by_site(connection, select(notices.c.site, func.count()))
    return [
        SiteView(row, _backlog(row.heartbeat), _wall(last.get(name)), told.get(name, 0))
        for name, row in all_sites(connection).items()
    ]


def pulses(connection: Connection) -> list[Pulse]:
    """Each center process that ever wrote into this database."""
    rows = connection.execute(select(pulse.c.center, pulse.c.beat, pulse.c.clock_off))
    return [Pulse(name, _wall(beat), off / 1000 if off else None) for name, beat, off in rows]


def latest_events(
    connection: Connection, site: str, since: datetime | None, limit: int
) -> Sequence[Row[Any]]:
    """The last events stored, oldest first; `since` by the moment of arrival."""
    query = select(events).order_by(events.c.position.desc()).limit(limit)
    if site:
        query = query.where(events.c.site == site)
    if since is not None:
        query = query.where(events.c.received >= us(since))
    return list(reversed(connection.execute(query).all()))


def quarantined(connection: Connection, site: str, limit: int) -> Sequence[Row[Any]]:
    """What was not taken, newest first."""
    query = select(quarantine).order_by(quarantine.c.last_at.desc()).limit(limit)
    return connection.execute(query.where(quarantine.c.site == site) if site else query).all()


def notices_told(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """What an officer should know, newest first."""
    query = select(notices).order_by(notices.c.last_at.desc()).limit(limit)
    return connection.execute(query).all()


def _by_site(connection: Connection, query: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(query.group_by("site"))}


def _wall(number: int | None) -> datetime | None:
    return wall(number) if number else None


def _backlog(heartbeat: str) -> int | None:
    said = json.loads(heartbeat) if heartbeat else {}
    waits = said.get("backlog")
    count = waits.get("count") if isinstance(waits, Mapping) else None
    return count if isinstance(count, int) else None
