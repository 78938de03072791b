"""Receipts of publications that are on their way, by packet id."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from edge_agent.link.publisher import Outcome, Receipt


def settled(outcome: Outcome, reason: str) -> Future[Receipt]:
    """A receipt that is there already."""
    future: Future[Receipt] = Future()
    future.set_result(Receipt(outcome, reason))
    return future


class Receipts:
    """Futures by packet id.

    An acknowledgement may come before the client library has told us the id, and no lock may be
    held while calling it (it holds its own in callbacks): so both orders are right.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Receipt]] = {}
        self._early: dict[int, Receipt] = {}
        self._closed: str | None = None

    def expect(self, mid: int) -> Future[Receipt]:
        """The receipt of a packet that was just handed over."""
        with self._lock:
            early = self._early.pop(mid, None)
            if early is None and self._closed is not None:
                early = Receipt(Outcome.LOST, self._closed)
            if early is None:
                return self._waiting.setdefault(mid, Future())
        return settled(early.outcome, early.reason)

    def settle(self, mid: int, receipt: Receipt) -> None:
        """The other side has spoken about a packet."""
        with self._lock:
            future = self._waiting.pop(mid, None)
            if future is None:
                self._early[mid] = receipt
        if future is not None:
            future.set_result(receipt)

    def close(self, reason: str) -> None:
        """The connection is gone: whatever waits, and whatever comes, is LOST."""
        with self._lock:
            self._closed = self._closed or reason
            left, self._waiting = list(self._waiting.values()), {}
        for future in left:
            future.set_result(Receipt(Outcome.LOST, reason))
