"""Looking into an outbox from outside."""

from edge_agent.core.event import Lane
from edge_agent.store.journal import Journal
from edge_agent.store.outbox import Row, lanes_total


def waiting(journal: Journal) -> int:
    """How many messages wait."""
    return lanes_total(journal.outbox.backlog().values()).count


def rows(journal: Journal, most: int = 1000) -> list[Row]:
    """The messages that wait, most urgent lane first, oldest first inside it."""
    found: list[Row] = []
    for lane in Lane:
        numbers = [row.sequence for row in journal.outbox.waiting(lane, 0, most)]
        found += journal.outbox.load(lane, numbers)
    return found


def keys(journal: Journal) -> list[tuple[Lane, int]]:
    """Lane and sequence number of what waits."""
    return [(row.lane, row.sequence) for row in rows(journal)]
