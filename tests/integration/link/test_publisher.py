"""The contract of a Publisher, kept by the fake and by MQTT over a real mosquitto."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from edge_agent.config.schema import Mqtt
from edge_agent.link.mqtt import MqttLink
from edge_agent.link.publisher import Outcome, Publisher, Receipt
from tests.fakes.publisher import FakePublisher
from tests.integration.broker import until
from tests.integration.link.conftest import Broker, Center

TOPIC = "qcam/v1/site/khu-a/event/alarm"


@dataclass
class Stage:
    """A publisher, how to see what arrived, how to take its connection away."""

    publisher: Publisher
    arrived: Callable[[], list[tuple[str, bytes, str, dict[str, str]]]]
    break_off: Callable[[], object]


@pytest.fixture(params=["fake", "mosquitto"])
def stage(
    request: pytest.FixtureRequest,
    make_broker: Callable[..., Broker],
    make_center: Callable[..., Center],
) -> Iterator[Stage]:
    if request.param == "fake":
        fake = FakePublisher(largest=3000, heard="qcam/v1/site/")
        yield Stage(
            fake,
            lambda: [(p.topic, p.payload, p.content_type, dict(p.labels)) for p in fake.published],
            fake.disconnect,
        )
        return
    broker = make_broker(settings=("max_packet_size 3000",))
    center = make_center(broker.url)
    center.judges = False  # bytes of no meaning: the line carries them all
    link = MqttLink(Mqtt(url=broker.url), "qcam-khu-a", None)
    link.connect(threading.Event())
    with ExitStack() as stack:
        stack.callback(link.close)
        yield Stage(
            link,
            lambda: [(m.topic, m.payload, m.content_type, dict(m.labels)) for m in center.got],
            broker.kill,
        )


def test_what_is_accepted_arrives_with_its_type_and_labels(stage: Stage) -> None:
    receipt = stage.publisher.publish(
        TOPIC, b"{}", content_type="application/json", labels={"lane": "alarm"}
    ).result(5)
    assert receipt.outcome is Outcome.ACCEPTED
    until(lambda: len(stage.arrived()) == 1)
    assert stage.arrived() == [(TOPIC, b"{}", "application/json", {"lane": "alarm"})]


def test_qos_0_has_a_receipt_too(stage: Stage) -> None:
    assert stage.publisher.publish(TOPIC, b"1", qos=0).result(5).outcome is Outcome.ACCEPTED


def test_what_nobody_subscribes_to_is_told_apart_from_what_arrived(stage: Stage) -> None:
    assert stage.publisher.publish("elsewhere", b"x").result(5).outcome is Outcome.UNHEARD


def test_too_large_is_refused_and_the_connection_stands(stage: Stage) -> None:
    assert stage.publisher.publish(TOPIC, b"x" * 4000).result(5).outcome is Outcome.OVERSIZE
    assert stage.publisher.connected
    assert stage.publisher.publish(TOPIC, b"x").result(5).outcome is Outcome.ACCEPTED


def test_many_publications_from_many_threads_each_get_their_receipt(stage: Stage) -> None:
    receipts: list[Receipt] = []

    def send() -> None:
        receipts.extend(stage.publisher.publish(TOPIC, b"x").result(5) for _ in range(50))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED] * 200


def test_without_a_connection_all_is_lost_at_once(stage: Stage) -> None:
    stage.break_off()
    until(lambda: not stage.publisher.connected)
    receipt = stage.publisher.publish(TOPIC, b"late").result(0)
    assert receipt.outcome is Outcome.LOST
