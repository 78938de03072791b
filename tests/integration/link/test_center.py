"""A site and the real center, on a real broker: what the site commits, the center's database has.

An outsider listens to everything that either side says and holds it against the contract page.
"""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_agent.config.schema import Mqtt
from edge_agent.core.delivery import GivenUp
from edge_agent.core.event import Event, Lane
from edge_agent.link.mqtt import MqttLink
from edge_agent.link.wire import event_message, thumbnail_message
from edge_agent.store.journal import Journal
from tests.bench.line import Line
from tests.integration.broker import Broker, until
from tests.integration.center.ingest.running import CenterProcess
from tests.integration.link.conftest import NOON, SITE, TOPICS, Center, Site
from tests.integration.outbox import waiting

MakeBroker = Callable[..., Broker]
MakeCenter = Callable[..., Center]
MakeSite = Callable[..., Site]
PICTURE = b"\xff\xd8\xff" + bytes(500)


def by_center(url: str) -> Mqtt:
    return Mqtt.model_validate({"url": url, "keepalive": "5s"})


@pytest.fixture
def district(tmp_path: Path, make_broker: MakeBroker, cleanup: ExitStack) -> CenterProcess:
    broker = make_broker()
    center = CenterProcess(tmp_path / "center", broker.url)
    cleanup.callback(center.end)
    return center.start()


def stored(center: CenterProcess) -> set[str]:
    return set(center.ids())


def gone(site: Site) -> bool:
    lanes = site.journal.outbox
    return waiting(site.journal) == 0 and not any(lanes.tombstones(lane) for lane in Lane)


def test_every_lane_reaches_the_centers_database_and_then_the_rows_go(
    district: CenterProcess, make_center: MakeCenter, make_site: MakeSite
) -> None:
    outsider = make_center(district.url)
    site = make_site(district.url, settings=by_center(district.url)).start()
    district.ready()
    made = {site.make(number, lane) for number, lane in enumerate([*Lane][:3] * 40)}
    event = Event("p.opened", f"qcam/{SITE}", "vn.qcam.x.v1", "cam-1", NOON, "warning", {})
    fact = event_message(event, site.journal.epoch, TOPICS)
    site.journal.record(event, (fact, thumbnail_message(event, PICTURE, TOPICS)))
    site.link.notify()
    until(lambda: gone(site), 30, "the outbox empties")
    assert stored(district) == made | {"p.opened"}
    assert district.rows("SELECT jpeg FROM images") == [(PICTURE,)]
    assert site.link.figures.acknowledged == 122
    assert site.link.heartbeat({})
    until(lambda: outsider.last(TOPICS.heartbeat) is not None)
    said = {message.topic for message in outsider.got}
    assert {TOPICS.ack, TOPICS.birth, TOPICS.state, "qcam/v1/center/state"} <= said


def test_while_no_center_is_there_alarms_knock_and_bulk_waits(
    tmp_path: Path,
    make_broker: MakeBroker,
    make_center: MakeCenter,
    make_site: MakeSite,
    cleanup: ExitStack,
) -> None:
    broker = make_broker()
    outsider = make_center(broker.url)
    site = make_site(broker.url, settings=by_center(broker.url)).start()
    until(lambda: site.link.connected)
    made = {site.make(0, Lane.BULK), site.make(1, Lane.ALARM)}
    until(lambda: outsider.last(TOPICS.event(Lane.ALARM)) is not None)
    assert outsider.last(TOPICS.event(Lane.BULK)) is None
    assert waiting(site.journal) == 2, "the broker's word settles nothing"
    center = CenterProcess(tmp_path / "center", broker.url)
    cleanup.callback(center.end)
    center.start().ready()
    until(lambda: waiting(site.journal) == 0, 20)
    assert stored(center) == made


def test_broker_center_and_line_fail_in_the_middle_and_nothing_is_lost_or_doubled(
    tmp_path: Path, make_broker: MakeBroker, make_site: MakeSite, cleanup: ExitStack
) -> None:
    broker = make_broker()
    center = CenterProcess(tmp_path / "center", broker.url)
    cleanup.callback(center.end)
    center.start().ready()
    line = cleanup.enter_context(Line(broker.port, kbit=400, delay=0.02))
    site = make_site(line.url, settings=by_center(line.url)).start()
    made: set[str] = set()

    def more() -> None:
        first = len(made)
        for number in range(first, first + 60):
            made.add(site.make(number, (Lane.ALARM, Lane.STATE, Lane.BULK)[number % 3]))

    more()
    center.kill()
    more()
    center.start().ready()
    broker.kill()
    more()
    broker.start()
    line.half_open()
    more()
    line.cut()
    more()
    until(lambda: gone(site), 60, "the outbox empties")
    assert len(made) == 300
    assert sorted(center.ids()) == sorted(made)
    spans = center.rows("SELECT lane, through, missing FROM received ORDER BY lane")
    assert spans == [("alarm", 100, 0), ("bulk", 100, 0), ("state", 100, 0)]


def test_what_the_quota_drops_is_explained_to_the_center(
    district: CenterProcess, make_site: MakeSite
) -> None:
    site = make_site(district.url, settings=by_center(district.url))
    site.journal.outbox.quotas[Lane.BULK] = 3000
    for number in range(60):
        site.make(number, Lane.BULK)
    kept = waiting(site.journal)
    assert 0 < kept < 15
    site.start()
    until(lambda: gone(site), 30)
    rows = district.rows("SELECT first, last, count, reason FROM tombstones")
    assert rows == [(1, 60 - kept, 60 - kept, GivenUp.QUOTA.value)]
    assert len(stored(district)) == kept
    ((through, missing),) = district.rows("SELECT through, missing FROM received")
    assert (through, missing) == (60, 0)


def test_a_database_restored_from_a_copy_counts_anew_and_loses_nothing(
    tmp_path: Path, district: CenterProcess, make_site: MakeSite
) -> None:
    site = make_site(district.url, settings=by_center(district.url))
    copy = tmp_path / "copy.db"
    site.make(0)
    site.journal.close()
    copy.write_bytes((tmp_path / "events.db").read_bytes())
    site.journal = Journal(tmp_path / "events.db")
    first = Site(tmp_path, district.url, settings=by_center(district.url)).start()
    made = {"e0.opened"} | {first.make(number) for number in range(1, 10)}
    until(lambda: gone(first), 30)
    epoch = first.journal.epoch
    first.end()
    site.journal.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"events.db{suffix}").unlink(missing_ok=True)
    copy.replace(tmp_path / "events.db")
    again = make_site(district.url, settings=by_center(district.url))
    made |= {again.make(number) for number in range(100, 104)}
    again.start()
    until(lambda: gone(again), 30)
    assert again.journal.epoch != epoch
    assert sorted(district.ids()) == sorted(made)


def test_a_command_reaches_whoever_takes_it_and_the_reply_goes_back(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite, cleanup: ExitStack
) -> None:
    broker = make_broker()
    outsider = make_center(broker.url)
    came: list[tuple[str, bytes]] = []
    site = make_site(
        broker.url,
        settings=by_center(broker.url),
        on_command=lambda topic, payload, _properties: came.append((topic, payload)),
    ).start()
    until(lambda: site.link.connected)
    sender = MqttLink(by_center(broker.url), "sender", None)
    cleanup.callback(sender.close)
    sender.connect(threading.Event())
    sender.publish(f"qcam/v1/center/{SITE}/command/r1", b"not looked into here", expiry=60)
    sender.publish(f"qcam/v1/center/{SITE}/ack", b"nonsense").result(5)
    until(lambda: came == [(f"qcam/v1/center/{SITE}/command/r1", b"not looked into here")])
    answer = {"request": "r1", "state": "done", "reason": "", "result": {},
              "time": "2021-07-28T05:00:00.000Z"}  # fmt: skip
    assert site.link.reply("r1", json.dumps(answer).encode())
    until(lambda: outsider.last(TOPICS.reply("r1")) is not None)
    assert site.link.connected
    assert len(outsider.wrong) == 2, "this test's own nonsense, and nothing else"
    outsider.wrong.clear()
