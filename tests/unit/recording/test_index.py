"""The index queue: in order, nothing lost while the database is away, bounded."""

from threading import Event
from typing import cast

import pytest

from edge_agent.core.trouble import Trouble
from edge_agent.recording.index import IndexWriter
from edge_agent.store.recordings import Recordings

NOWHERE = cast(Recordings, None)  # the rows of these tests do not use it


def test_a_row_that_is_refused_stays_first_and_is_written_once() -> None:
    written: list[int] = []
    refusals = [True, True]

    def stubborn(_: Recordings) -> None:
        if refusals:
            refusals.pop()
            raise Trouble("store.unavailable", "đầy", "full")
        written.append(1)

    index = IndexWriter(NOWHERE)
    index.put(stubborn)
    index.put(lambda _: written.append(2))
    for _ in range(2):
        with pytest.raises(Trouble):
            index.run_once(Event())
    index.drain()
    assert written == [1, 2]
    assert index.waiting == 0


def test_a_full_queue_drops_the_oldest_row_and_counts_it() -> None:
    written: list[int] = []
    index = IndexWriter(NOWHERE, limit=2)
    for number in range(4):
        index.put(lambda _, number=number: written.append(number))
    index.drain()
    assert (written, index.dropped) == ([2, 3], 2)
