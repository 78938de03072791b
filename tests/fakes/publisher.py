"""A line to a broker that exists only in memory: the test decides whether and how it answers."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from edge_agent.link.publisher import Outcome, Receipt


@dataclass
class Published:
    topic: str
    payload: bytes
    qos: int
    retain: bool
    content_type: str
    labels: Mapping[str, str]
    future: Future[Receipt] = field(default_factory=Future)

    def settle(self, outcome: Outcome, reason: str = "") -> None:
        self.future.set_result(Receipt(outcome, reason))


class FakePublisher:
    """Accepts at once; with `silent` the test settles each publication itself."""

    def __init__(self, silent: bool = False, largest: int = 0, heard: str = "") -> None:
        self.published: list[Published] = []
        self.connected = True
        self.silent = silent
        self.largest = largest
        self.heard = heard  # what somebody subscribes to, a prefix

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        expiry: int | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Future[Receipt]:
        one = Published(topic, payload, qos, retain, content_type, labels or {})
        if not self.connected:
            one.settle(Outcome.LOST, "not connected")
        elif self.largest and len(payload) > self.largest:
            one.settle(Outcome.OVERSIZE, "Packet too large")
        else:
            self.published.append(one)
            if not self.silent:
                heard = topic.startswith(self.heard) or qos == 0
                one.settle(Outcome.ACCEPTED if heard else Outcome.UNHEARD)
        return one.future

    def disconnect(self) -> None:
        """The connection is lost: everything unanswered is LOST."""
        self.connected = False
        for one in self.published:
            if not one.future.done():
                one.settle(Outcome.LOST, "connection lost")
