"""Facts reach the center over a real broker, whatever happens to it."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest

from edge_agent.core.delivery import GivenUp
from edge_agent.core.event import Event, Lane, Message
from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.core.secret import Credential
from edge_agent.link import tombstones
from edge_agent.link.wire import CLOUDEVENT
from tests.bench.line import Line
from tests.integration.broker import Broker, free_port, until
from tests.integration.link.conftest import NOON, TOPICS, Center, Site
from tests.integration.outbox import rows, waiting

MakeBroker = Callable[..., Broker]
MakeCenter = Callable[..., Center]
MakeSite = Callable[..., Site]


def ids(center: Center) -> set[str]:
    return {json.loads(m.payload)["id"] for m in center.got if m.content_type == CLOUDEVENT}


def test_an_event_arrives_as_a_cloudevent_and_its_row_goes(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker()
    center, site = make_center(broker.url), make_site(broker.url).start()
    until(lambda: site.link.connected)
    site.make(1)
    until(lambda: waiting(site.journal) == 0)
    until(lambda: ids(center) == {"e1.opened"})
    message = center.last(TOPICS.event(Lane.ALARM))
    assert message is not None
    assert (message.content_type, message.qos, message.retained) == (CLOUDEVENT, 1, False)
    named = {"epoch": site.journal.epoch, "lane": "alarm", "sequence": "1", "late": "1"}
    assert message.labels == named
    assert json.loads(message.payload)["data"] == {"number": 1, "still": ""}
    assert (site.link.figures.sent, site.link.figures.acknowledged) == (1, 1)
    assert site.journal.outbox.acknowledged_total() == 1


def test_state_and_birth_are_retained_and_paired_and_a_heartbeat_is_not(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker()
    early, site = make_center(broker.url), make_site(broker.url).start()
    until(lambda: site.link.connected)
    until(lambda: early.last(TOPICS.camera("cam-1")) is not None)
    assert site.link.heartbeat({"fps": {"cam-1": float("nan")}})
    until(lambda: early.last(TOPICS.heartbeat) is not None)
    late = make_center(broker.url)
    until(lambda: len(late.got) == 3, what="state, birth, one camera")
    state, birth = late.last(TOPICS.state), late.last(TOPICS.birth)
    assert state
    assert birth
    assert all(m.retained for m in late.got)
    assert late.last(TOPICS.heartbeat) is None
    online, born = json.loads(state.payload), json.loads(birth.payload)
    assert (online["state"], online["conn"], online["epoch"]) == ("online", 1, site.journal.epoch)
    assert (born["conn"], born["site"]) == (1, {"version": "0.1"})
    beat = early.last(TOPICS.heartbeat)
    assert beat
    backlog = json.loads(beat.payload)["backlog"]
    assert (backlog["bytes"], backlog["count"], backlog["oldest"]) == (0, 0, None)


def test_a_camera_state_is_retained_and_told_again_at_every_connection(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker()
    center, site = make_center(broker.url), make_site(broker.url).start()
    until(lambda: site.link.connected)
    status = CameraStatus("cam-1", CameraState.OFFLINE, "network", NOON + timedelta(seconds=1))
    site.cameras = [status]
    site.link.camera_state(status)

    def told() -> bool:
        last = center.last(TOPICS.camera("cam-1"))
        return last is not None and json.loads(last.payload)["state"] == "offline"

    until(told)
    broker.kill()
    until(lambda: not site.link.connected)
    center.got.clear()
    broker.start()
    until(told, what="told again to a broker that has forgotten all")


def test_a_clean_stop_says_stopped_after_everything_has_gone(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker()
    center, site = make_center(broker.url), make_site(broker.url).start()
    until(lambda: site.link.connected)
    made = {site.make(number) for number in range(50)}
    site.stop.set()
    until(lambda: (m := center.last(TOPICS.state)) is not None and b"stopped" in m.payload)
    assert ids(center) == made
    states = [json.loads(m.payload)["state"] for m in center.got if m.topic == TOPICS.state]
    assert states == ["online", "stopped"], "no will after a goodbye"


def test_a_line_cut_again_and_again_delivers_every_event(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite, cleanup: ExitStack
) -> None:
    broker = make_broker()
    line = cleanup.enter_context(Line(broker.port))
    center, site = make_center(broker.url), make_site(line.url).start()
    made: set[str] = set()
    for cut in range(4):
        until(lambda: site.link.connected)
        made |= {site.make(cut * 50 + number) for number in range(50)}
        until(lambda few=40 * cut: site.link.figures.acknowledged > few)
        line.cut()
        until(lambda: not site.link.connected)
    until(lambda: waiting(site.journal) == 0)
    until(lambda: ids(center) == made)


def test_what_the_outbox_holds_when_a_broker_is_killed_arrives_after_its_restart(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker()
    center, site = make_center(broker.url), make_site(broker.url).start()
    until(lambda: site.link.connected)
    made = {site.make(number) for number in range(150)}
    until(lambda: len(ids(center)) > 20)
    broker.kill()
    until(lambda: not site.link.connected)
    until(lambda: site.link._line is None, what="the last receipts are taken in")
    # a broker may forget what it acknowledged and had not yet passed on (its receipt is no
    # center's receipt), so the promise is about the rest
    waits = {json.loads(row.message.payload)["id"] for row in rows(site.journal)}
    later = {site.make(number) for number in range(150, 300)}
    center.ready.clear()
    broker.start()
    until(lambda: waiting(site.journal) == 0, 20)
    until(lambda: waits | later <= ids(center))
    assert len(made | later) == 300
    assert site.journal.outbox.acknowledged_total() == 300


def test_events_of_a_run_without_a_broker_go_at_the_next_start(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    port = free_port()
    first = make_site(f"mqtt://127.0.0.1:{port}").start()
    made = {first.make(number) for number in range(30)}
    first.end()
    assert first.journal.path.exists()
    broker = make_broker(port=port)
    center, second = make_center(broker.url), make_site(broker.url)
    assert waiting(second.journal) == 30
    second.start()
    until(lambda: ids(center) == made)
    until(lambda: waiting(second.journal) == 0)


def test_a_refusal_keeps_the_row_and_is_not_hammered(
    make_broker: MakeBroker,
    make_center: MakeCenter,
    make_site: MakeSite,
    capsys: pytest.CaptureFixture[str],
) -> None:
    users = (("site", "ok"), ("center", "ok"))
    refusing = f"user site\ntopic write {TOPICS.state}\nuser center\ntopic read #\n"
    broker = make_broker(users=users, acl=refusing)
    center = make_center(broker.url, Credential("center", "ok"))
    site = make_site(broker.url, credential=Credential("site", "ok"), refused_seconds=0.5).start()
    until(lambda: site.link.connected)
    made = {site.make(number) for number in range(5)}
    until(lambda: site.link.figures.refused >= 10, what="tried again, slowly")
    assert site.link.figures.sent <= 15
    assert waiting(site.journal) == 5
    assert ids(center) == set()
    assert "Not authorized" in capsys.readouterr().out
    broker.kill()
    broker.acl = "user site\ntopic write qcam/#\nuser center\ntopic read #\n"
    center.ready.clear()
    broker.start()
    until(lambda: waiting(site.journal) == 0)
    until(lambda: ids(center) == made)


def test_what_no_center_subscribes_to_waits_until_one_does(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker()
    site = make_site(broker.url)
    made = {site.make(number) for number in range(30)}
    site.start()
    until(lambda: site.link.figures.unheard > 0)
    assert waiting(site.journal) == 30
    center = make_center(broker.url)
    until(lambda: ids(center) == made)
    until(lambda: waiting(site.journal) == 0)


def test_what_is_over_the_brokers_limit_is_set_aside_without_losing_the_connection(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker(settings=("max_packet_size 2000",))
    center, site = make_center(broker.url), make_site(broker.url).start()
    until(lambda: site.link.connected)
    site.make(1)
    event = Event("big", "qcam/khu-a", "t", "cam-1", NOON, "info", {})
    site.journal.record(event, [Message(Lane.ALARM, TOPICS.event(Lane.ALARM), b"x" * 3000)])
    site.make(2)
    until(lambda: ids(center) == {"e1.opened", "e2.opened"})
    until(lambda: waiting(site.journal) == 0)
    (aside,) = site.journal.outbox.set_aside()
    assert (aside.event, aside.reason) == ("big", GivenUp.OVERSIZE)
    until(lambda: any(m.content_type == tombstones.CONTENT_TYPE for m in center.got))
    assert site.link.connected


def test_a_broker_that_allows_little_in_flight_is_obeyed(
    make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    broker = make_broker(settings=("max_inflight_messages 3",))
    center, site = make_center(broker.url), make_site(broker.url)
    made = {site.make(number) for number in range(100)}
    site.start()
    until(lambda: ids(center) == made)
    until(lambda: waiting(site.journal) == 0)
    assert site.link.figures.sent == 100, "no connection was lost for sending too much at once"
