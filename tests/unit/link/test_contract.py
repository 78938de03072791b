"""The contract page holds together, names the topics of the code, and refuses what is wrong."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edge_agent.core.command import Action, Answer, Command, Reply, Role
from edge_agent.core.delivery import Ack, GivenUp, Ranges, Tombstone, lane_ack
from edge_agent.core.event import Event, Lane
from edge_agent.core.media import CameraState, CameraStatus
from edge_agent.link import acks, batch, center_state, command_wire, labels, tombstones, wire
from edge_agent.link.center_state import CenterState, Presence
from edge_agent.link.heartbeat import DataPayload, Delivery, heartbeat
from edge_agent.link.publisher import Received
from edge_agent.link.wire import CENTER_STATE, CLOUDEVENT, JPEG, JSON, Topics
from edge_agent.store.outbox import LaneBacklog
from tests import contract

NOON = datetime(2021, 7, 28, 5, tzinfo=UTC)
TOPICS = Topics("khu-a")
FACT = Event("e1.opened", "qcam/khu-a", "vn.qcam.x.v1", "cam-1", NOON, "warning", {"n": 1})
ASKED = Command(
    id="r1",
    site="khu-a",
    camera="",
    action=Action.PING,
    arguments={},
    user="an",
    role=Role.DUTY,
    issued=NOON,
    expires=NOON,
    nonce="n" * 22,
)


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere() -> None:
    named = set()
    for channel in contract.channels():
        for message in channel.messages.values():
            for part in ("headers", "payload"):
                if part in message:
                    named.add(message[part]["$ref"].removeprefix("schemas/"))
    files = {path.name for path in contract.FOLDER.glob("schemas/*.json")}
    assert named == files
    for name in files:
        found = contract.validator(name)
        found.check_schema(found.schema)
    used = {one["channel"]["$ref"] for one in contract.page()["operations"].values()}
    assert used == {f"#/channels/{channel.name}" for channel in contract.channels()}


def said(
    topic: str, payload: bytes, kind: str = JSON, named: dict[str, str] | None = None
) -> Received:
    return Received(topic, payload, kind, 1, False, named or {})


def messages() -> list[Received]:
    event = wire.event_message(FACT, "E", TOPICS)
    one = labels.single("E", Lane.ALARM, 1, late=True)
    packed = batch.encode_batch("E", Lane.BULK, [batch.Packable(4, False, event.payload)])
    stone = Tombstone(Lane.IMAGE, 2, 5, 4, GivenUp.QUOTA, NOON)
    lanes = {Lane.ALARM: LaneBacklog(1, 2, NOON, 3), Lane.BULK: LaneBacklog()}
    data = DataPayload(day="2021-07-28", sent={"other": 1}, caps={}, withheld=["bulk"])
    ack = Ack("E", NOON, {Lane.ALARM: lane_ack(Ranges.of([(1, 3), (7, 9)]))})
    stones = tombstones.encode_tombstones("E", Lane.IMAGE, [stone])
    several = labels.several("E", Lane.IMAGE, 2, 5, 4)
    many = labels.several("E", Lane.BULK, 4, 4, 1)
    camera = CameraStatus("cam-1", CameraState.RECORDING, "", NOON)
    return [
        said(event.topic, event.payload, CLOUDEVENT, one),
        said(TOPICS.event(Lane.BULK), packed, batch.CONTENT_TYPE, many),
        said(TOPICS.event(Lane.IMAGE), stones, tombstones.CONTENT_TYPE, several),
        said(TOPICS.image("e1"), b"\xff\xd8\xff", JPEG, labels.single("E", Lane.IMAGE, 1)),
        said(TOPICS.state, wire.state("online", "E", 1, NOON)),
        said(TOPICS.state, wire.state("offline", "E", 1, None)),
        said(TOPICS.birth, wire.birth("E", 1, NOON, dict.fromkeys(Lane, 0), "center", {})),
        said(TOPICS.heartbeat, heartbeat("E", 1, NOON, Delivery(lanes, data, {}, 0), {})),
        said(TOPICS.camera("cam-1"), wire.camera_state(camera)),
        said(TOPICS.ack, acks.encode_ack(ack)),
        said("qcam/v1/center/khu-a/command/r1", command_wire.seal(ASKED, b"x" * 64, "0" * 16)),
        said(TOPICS.reply("r1"), command_wire.reply_payload(Reply("r1", Answer.DONE), NOON)),
        said(CENTER_STATE, center_state.encode_center_state(CenterState(Presence.ONLINE, "h", 1))),
    ]  # fmt: skip


def test_what_the_codecs_write_is_what_the_page_says() -> None:
    seen = {contract.check(message) for message in messages()}
    assert seen == {one.name for one in contract.channels()}


@pytest.mark.parametrize("number", range(len(messages())))
def test_the_page_refuses_what_lacks_anything(number: int) -> None:
    good = messages()[number]
    bad = [replace(good, topic=good.topic + "/more"), replace(good, content_type="text/plain")]
    if good.labels:
        bad.append(replace(good, labels={}))
    if good.content_type == JSON:
        whole = json.loads(good.payload)
        needed = [key for key in whole if key not in {"time"} or "state" not in whole]
        bad += [
            replace(
                good, payload=json.dumps({k: v for k, v in whole.items() if k != gone}).encode()
            )
            for gone in needed
        ]
    for message in bad:
        with pytest.raises(AssertionError):
            contract.check(message)
