"""What the center says to a site: acknowledgements, whether it is there, commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

from edge_agent.core.delivery import Ack
from edge_agent.link import floor, troubles, wire
from edge_agent.link.acks import decode_ack
from edge_agent.link.center_state import Presence, decode_center_state
from edge_agent.link.publisher import Received
from edge_agent.link.relay import Relay
from edge_agent.link.strict import Flaw
from edge_agent.link.wire import Topics
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.journal import Journal

MOST_UNREAD = 1000

OnCommand = Callable[[str, bytes, Mapping[str, str]], None]


def ignore(topic: str, _payload: bytes, _properties: Mapping[str, str]) -> None:
    """Where nobody takes commands."""
    log.info("command.ignored", topic=topic)


class Mailbox:
    """Takes messages from the network thread (`put`) and acts on them in the link's (`read`).

    What comes faster than it is read is dropped beyond `MOST_UNREAD`: the center repeats itself.
    """

    def __init__(
        self,
        journal: Journal,
        topics: Topics,
        relay: Relay,
        clock: Clock,
        wake: Callable[[], None],
        on_command: OnCommand,
    ) -> None:
        self._journal, self._topics, self._relay = journal, topics, relay
        self._clock, self._wake, self._on_command = clock, wake, on_command
        self._unread: SimpleQueue[Received] = SimpleQueue()

    def put(self, received: Received) -> None:
        """Something came. Never blocks."""
        if self._unread.qsize() < MOST_UNREAD:
            self._unread.put(received)
        self._wake()

    def read(self) -> None:
        """Act on all that came. Raises Trouble: the database does not answer, or
        `link.renumbered`, upon which the connection must begin anew.
        """
        while True:
            try:
                received = self._unread.get_nowait()
            except Empty:
                return
            try:
                self._obey(received)
            except Flaw as flaw:
                log.warning("link.flaw", topic=received.topic, reason=str(flaw))

    def _obey(self, received: Received) -> None:
        if received.topic == self._topics.ack:
            self._acknowledge(decode_ack(received.payload))
        elif received.topic == wire.CENTER_STATE:
            online = decode_center_state(received.payload).state is Presence.ONLINE
            self._relay.hear_center(online=online)
        elif not received.retained:  # a retained command is an old one
            self._on_command(received.topic, received.payload, received.labels)

    def _acknowledge(self, ack: Ack) -> None:
        if ack.epoch != self._journal.epoch:
            log.info("link.other_epoch", epoch=ack.epoch)
            return
        given = self._journal.outbox.high_water()
        for lane, one in ack.lanes.items():
            if one.seen > given[lane]:
                self._journal.begin_epoch()
                raise troubles.renumbered(lane.value, one.seen, given[lane])
        self._relay.acknowledge(ack)
        agreed = floor.raised(self._journal.clock_floor(), self._clock.now().wall, ack.time)
        if agreed:
            self._journal.raise_clock_floor(agreed)
