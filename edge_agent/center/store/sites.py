"""What each site said of itself last, which databases it was heard with, whether it is revoked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from edge_agent.center import flaws
from edge_agent.center.flaws import Flaw
from edge_agent.center.store import notices
from edge_agent.center.store.engine import insert_new, writing
from edge_agent.center.store.tables import cameras, epochs, sites
from edge_agent.store.moments import us

MOST_EPOCHS = 100  # of one site: a device re-imaged every week for two years


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One row of `sites`; times are microseconds, 0 is never."""

    site: str
    heard: int
    epoch: str = ""
    conn: int = 0
    word: str = ""
    word_at: int = 0
    birth: str = ""
    birth_at: int = 0
    heartbeat: str = ""
    heartbeat_at: int = 0
    skew: int | None = None
    standing: str = "unknown"
    since: int = 0
    paged: int = 0
    revoked: int | None = None

    def said(self, **changes: Any) -> SiteRow:
        """The row after something new was said."""
        return replace(self, **changes)


_SAID = [name for name in SiteRow.__dataclass_fields__ if name not in {"site", "heard", "revoked"}]
_UPDATE = (
    update(sites)
    .where(sites.c.site == bindparam("_site"))
    .values({name: bindparam(name) for name in _SAID})
)


def all_sites(connection: Connection) -> dict[str, SiteRow]:
    """Every site that was ever heard."""
    columns = [sites.c[name] for name in SiteRow.__dataclass_fields__]
    rows = connection.execute(select(*columns).order_by(sites.c.site))
    return {row[0]: SiteRow(*row) for row in rows}


def save_sites(connection: Connection, changed: Iterable[SiteRow]) -> None:
    """Write what sites said of themselves (never whether they are revoked)."""
    rows = list(changed)
    insert_new(connection, sites, [{"site": one.site, "heard": one.heard} for one in rows])
    said = [{"_site": one.site, **{name: getattr(one, name) for name in _SAID}} for one in rows]
    if said:
        connection.execute(_UPDATE, said)


def save_cameras(connection: Connection, rows: Collection[Mapping[str, Any]]) -> None:
    """Write the latest state of cameras: rows of `cameras`."""
    for row in rows:
        here = (cameras.c.site == row["site"]) & (cameras.c.camera == row["camera"])
        if not connection.execute(update(cameras).where(here).values(**row)).rowcount:
            insert_new(connection, cameras, [dict(row)])


def revoke(engine: Engine, site: str, now: datetime | None) -> None:
    """From now on this site's events are refused; None: they are taken again."""
    with writing(engine) as connection:
        moment = None if now is None else us(now)
        insert_new(connection, sites, [{"site": site, "heard": moment or 0}])
        connection.execute(update(sites).where(sites.c.site == site).values(revoked=moment))


def revoked_among(connection: Connection, names: Collection[str]) -> set[str]:
    """Which of these sites are revoked."""
    if not names:
        return set()
    query = select(sites.c.site).where(sites.c.site.in_(names), sites.c.revoked.is_not(None))
    return set(connection.execute(query).scalars())


def revoked_all(engine: Engine) -> frozenset[str]:
    """Every site that is revoked."""
    with engine.connect() as connection:
        query = select(sites.c.site).where(sites.c.revoked.is_not(None))
        return frozenset(connection.execute(query).scalars())


def known_epochs(
    connection: Connection, owners: Collection[tuple[str, str]], now: int
) -> dict[tuple[str, str], Flaw]:
    """Take note of (site, epoch) pairs; the answer names those that are one too many.

    A site that was known under another epoch was re-imaged or replaced: that becomes a notice.
    """
    if not owners:
        return {}
    names = {site for site, _epoch in owners}
    query = select(epochs.c.site, epochs.c.epoch).where(epochs.c.site.in_(names))
    known = {(site, epoch) for site, epoch in connection.execute(query)}
    refused: dict[tuple[str, str], Flaw] = {}
    for site, epoch in sorted(set(owners) - known):
        others = sum(1 for one, _epoch in known if one == site)
        if others >= MOST_EPOCHS:
            refused[site, epoch] = flaws.epochs(MOST_EPOCHS)
            continue
        insert_new(connection, epochs, [{"site": site, "epoch": epoch, "heard": now}])
        insert_new(connection, sites, [{"site": site, "heard": now}])
        known.add((site, epoch))
        if others:
            notices.tell(connection, notices.new_epoch(site, epoch, others), now)
    return refused
