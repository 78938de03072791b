"""Whatever happens in whatever order: each sequence number is at the center, in the outbox, or
under a tombstone; at the end the center has all or knows why not.
"""

import itertools
import json
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_agent.core.delivery import Ack, Ranges, lane_ack
from edge_agent.core.event import Event, Lane, Message
from edge_agent.link import batch, tombstones
from edge_agent.link.account import Account
from edge_agent.link.acks import decode_ack, encode_ack
from edge_agent.link.publisher import Outcome
from edge_agent.link.relay import Relay
from edge_agent.link.wire import CLOUDEVENT, JPEG, Topics
from edge_agent.store.journal import Journal
from tests.fakes.clock import FakeClock
from tests.fakes.publisher import FakePublisher, Published

QUOTA = 1500  # bytes: about fifteen messages, so that lanes overflow
LANES = st.sampled_from((Lane.ALARM, Lane.BULK, Lane.IMAGE))
FATES = st.lists(
    st.tuples(
        st.sampled_from([Outcome.ACCEPTED] * 4 + [Outcome.UNHEARD, Outcome.REFUSED]),
        st.sampled_from([1, 1, 1, 2, 0]),
    ),
    min_size=1,
)
NOON = datetime(2021, 7, 28, 5, tzinfo=UTC)


class Center:
    """What a center stores: numbers and why some never come; it may go back to an older copy."""

    def __init__(self) -> None:
        self.stored = dict.fromkeys(Lane, Ranges())
        self.explained = dict.fromkeys(Lane, Ranges())
        self.events: list[str] = []

    def take(self, one: Published) -> None:
        lane = Lane(one.labels["lane"])
        if one.content_type == tombstones.CONTENT_TYPE:
            said = tombstones.decode_tombstones(one.payload).tombstones
            self.explained[lane] |= Ranges.of((stone.first, stone.last) for stone in said)
            return
        if one.content_type == batch.CONTENT_TYPE:
            items = {item.sequence: item.event for item in batch.decode_batch(one.payload).items}
        else:
            items = {int(one.labels["sequence"]): json.loads(one.payload)}
        for number, event in items.items():
            assert event == {"id": f"{lane}-{number}"}, "a number always means the same event"
        self.stored[lane] |= Ranges.numbers(items)

    def had(self, lane: Lane) -> Ranges:
        return self.stored[lane] | self.explained[lane]

    def ack(self, epoch: str, lanes: list[Lane]) -> Ack:
        said = {lane: lane_ack(self.had(lane)) for lane in lanes}
        return decode_ack(encode_ack(Ack(epoch, NOON, said)))


class Delivery(RuleBasedStateMachine):
    """Enqueue, send, lose, double, acknowledge, restart, restore, in any order."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock, self.center = FakeClock(), Center()
        self.made = 0
        self._open()
        self._connect()

    def teardown(self) -> None:
        self._finish()
        self.journal.close()
        self.folder.cleanup()

    def _open(self) -> None:
        quotas = dict.fromkeys(Lane, QUOTA)
        self.journal = Journal(Path(self.folder.name) / "events.db", quotas)
        self.outbox = self.journal.outbox
        account = Account(self.journal.spent, {}, "UTC")
        topics = Topics("khu-a")
        self.relay = Relay(self.journal, topics, account, self.clock, lambda: None, "center")

    def _connect(self) -> None:
        self.line = FakePublisher(silent=True)
        self.relay.begin(self.line, 20)
        self.relay.hear_center(online=True)

    @rule(lane=LANES, count=st.integers(1, 8), age=st.sampled_from([0, 120]))
    def enqueue(self, lane: Lane, count: int, age: int) -> None:
        for _ in range(count):
            number = self.outbox.high_water()[lane] + 1
            when = self.clock.now().plus(-age).wall
            event = Event(f"{lane}-{number}", "s", "t", "c", when, "info", {})
            kind = JPEG if lane is Lane.IMAGE else CLOUDEVENT
            payload = json.dumps({"id": event.id}).encode().ljust(100)
            self.journal.record(event, [Message(lane, lane.value, payload, kind)])

    def _under_way(self) -> list[Published]:
        return [one for one in self.line.published if not one.future.done()]

    @rule(seconds=st.sampled_from([0.01, 1, 5, 70]), fates=FATES)
    def work(self, seconds: float, fates: list[tuple[Outcome, int]]) -> None:
        """The site sends; the broker answers, and what it took comes once, twice, or not at all."""
        self.clock.pass_time(seconds)
        self.relay.turn()
        for one, (outcome, copies) in zip(self._under_way(), itertools.cycle(fates), strict=False):
            for _ in range(copies if outcome is Outcome.ACCEPTED else 0):
                self.center.take(one)
            one.settle(outcome)
        self.relay.turn()

    @rule(lanes=st.lists(LANES, unique=True, min_size=1), fates=FATES)
    def work_and_acknowledge(self, lanes: list[Lane], fates: list[tuple[Outcome, int]]) -> None:
        self.work(0.1, fates)
        self.relay.acknowledge(self.center.ack(self.journal.epoch, lanes))

    @rule(arrives=st.booleans())
    def lose(self, arrives: bool) -> None:
        """The connection ends; what was under way may have arrived all the same."""
        for one in self._under_way() if arrives else ():
            self.center.take(one)
        self.line.disconnect()
        self.relay.lost()
        self._connect()

    @rule()
    def restart(self) -> None:
        """kill -9 of the agent: only the database is left."""
        self.journal.close()
        self._open()
        self._connect()

    @rule(keeps=st.integers(0, 4))
    def restore(self, keeps: int) -> None:
        """The center goes back to an old copy of its database; what it is asked for again shows
        once a later number comes.
        """
        below = Ranges.of([(1, keeps)]) if keeps else Ranges()
        for lane in Lane:
            self.center.stored[lane] &= below
            self.center.explained[lane] &= below

    def _accounted(self, lane: Lane) -> Ranges:
        rows = Ranges.numbers(row.sequence for row in self.outbox.waiting(lane, 0, 10_000))
        stones = Ranges.of((stone.first, stone.last) for stone in self.outbox.tombstones(lane))
        return rows | stones

    @invariant()
    def every_number_is_somewhere(self) -> None:
        if not hasattr(self, "journal"):
            return
        for lane, high in self.outbox.high_water().items():
            given = Ranges.of([(1, high)]) if high else Ranges()
            settled = self._settled.get(lane, Ranges()) | self.center.had(lane)
            self._settled[lane] = settled
            assert not given - settled - self._accounted(lane)

    @invariant()
    def lanes_keep_to_their_quota(self) -> None:
        if hasattr(self, "journal"):
            waits = self.outbox.backlog()
            assert all(waits[lane].bytes <= QUOTA for lane in Lane)
            for lane in Lane:
                assert waits[lane].count == len(self.outbox.waiting(lane, 0, 10_000))

    def __init__(self) -> None:
        super().__init__()
        self._settled: dict[Lane, Ranges] = {}

    def _finish(self) -> None:
        """From here on all goes well: the center ends with everything, or knows why not."""
        if not hasattr(self, "journal"):
            return
        for _ in range(400):
            self.clock.pass_time(1)
            self.relay.turn()
            for one in self._under_way():
                self.center.take(one)
                one.settle(Outcome.ACCEPTED)
            self.relay.turn()
            self.relay.acknowledge(self.center.ack(self.journal.epoch, list(Lane)))
            if all(self._done(lane) for lane in Lane):
                return
        raise AssertionError([self._accounted(lane) for lane in Lane])

    def _done(self, lane: Lane) -> bool:
        had = self.center.had(lane)
        return not self._accounted(lane) and had.through == had.highest


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
)


def test_the_tombstones_of_an_overflow_are_few_and_name_every_number() -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "events.db", {Lane.BULK: 1000})
        with closing(journal):
            for number in range(200):
                event = Event(f"e{number}", "s", "t", "c", NOON, "info", {})
                journal.record(event, [Message(Lane.BULK, "t", b"x" * 100)])
            (stone,) = journal.outbox.tombstones(Lane.BULK)
            assert (stone.first, stone.last, stone.count) == (1, 190, 190)
            assert journal.outbox.backlog()[Lane.BULK].count == 10
