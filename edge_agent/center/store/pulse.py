"""The center's own signs of life, for those who look from another process."""

from __future__ import annotations

from sqlalchemy import Connection, update

from edge_agent.center.store.engine import insert_new
from edge_agent.center.store.tables import pulse


def next_connection(connection: Connection, center: str) -> int:
    """The number of the connection that is about to be tried: 1, 2, … over all runs."""
    insert_new(connection, pulse, [{"center": center}])
    query = update(pulse).where(pulse.c.center == center).values(conn=pulse.c.conn + 1)
    return int(connection.execute(query.returning(pulse.c.conn)).scalar_one())


def save_pulse(connection: Connection, center: str, now: int, clock_off: float | None) -> None:
    """We live, and this is what the sites say of our clock (milliseconds we are ahead)."""
    off = None if clock_off is None else round(clock_off)
    connection.execute(
        update(pulse).where(pulse.c.center == center).values(beat=now, clock_off=off)
    )
