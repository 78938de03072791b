"""How many bytes were handed to the line, per day of the site and lane."""

from __future__ import annotations

from collections.abc import Mapping

from edge_agent.store.connections import Connections

DAYS_KEPT = 62


class Spent:
    """The data account of a site: days are ISO dates (`2021-07-28`), lanes words."""

    def __init__(self, rows: Connections) -> None:
        self._rows = rows

    def add(self, day: str, lanes: Mapping[str, int]) -> None:
        """More bytes were sent; days beyond `DAYS_KEPT` are forgotten. Raises Trouble."""
        with self._rows.transaction() as connection:
            connection.executemany(
                "INSERT INTO spent (day, lane, bytes) VALUES (?, ?, ?) "
                "ON CONFLICT (day, lane) DO UPDATE SET bytes = bytes + excluded.bytes",
                [(day, lane, size) for lane, size in lanes.items()],
            )
            connection.execute(
                "DELETE FROM spent WHERE day NOT IN "
                "(SELECT DISTINCT day FROM spent ORDER BY day DESC LIMIT ?)",
                (DAYS_KEPT,),
            )

    def on(self, day: str) -> dict[str, int]:
        """Bytes sent on this day, per lane. Raises Trouble."""
        return dict(self._rows.read("SELECT lane, bytes FROM spent WHERE day = ?", (day,)))
