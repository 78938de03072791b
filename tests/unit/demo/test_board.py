"""The board learns from messages alone and survives what cannot be read."""

import json

from hypothesis import given
from hypothesis import strategies as some

from edge_agent.demo.board import Board
from tests.fakes.clock import FakeClock

NOW = FakeClock().now()
SITE = "qcam/v1/site/mo-phong"


def said(**values: object) -> bytes:
    return json.dumps(values).encode()


def test_a_camera_is_known_from_birth_state_and_heartbeat() -> None:
    board = Board()
    board.take(f"{SITE}/state", said(state="online"), NOW)
    board.take(f"{SITE}/birth", said(site={"cameras": [{"id": "c1", "name": "Cổng"}]}), NOW)
    board.take(f"{SITE}/camera/c1/state", said(state="recording", reason=""), NOW)
    board.take(
        f"{SITE}/heartbeat",
        said(
            backlog={"count": 3},
            site={
                "troubles": [],
                "cameras": {"c1": {"fps": 4.9, "analysed": 12, "segments": 2, "seconds": 20.5}},
            },
        ),
        NOW,
    )
    row = board.cameras["c1"]
    assert (row.name, row.state, row.fps, row.analysed, row.segments) == (
        "Cổng",
        "recording",
        4.9,
        12,
        2,
    )
    assert (board.site_state, board.backlog, board.heartbeats) == ("online", 3, 1)


def test_an_event_sent_twice_counts_once() -> None:
    board = Board()
    event = said(id="ep-1.opened", subject="c1", data={"rule": "mask"})
    board.take(f"{SITE}/event/alarm", event, NOW)
    board.take(f"{SITE}/event/alarm", event, NOW)
    assert [arrival.id for arrival in board.opened()] == ["ep-1.opened"]
    assert board.duplicates == 1


def test_a_notice_of_the_recorder_arrives_though_no_rule_made_it() -> None:
    board = Board()
    board.take(f"{SITE}/event/alarm", said(id="d.1", subject="disk", type="t.v1", data={}), NOW)
    assert (list(board.arrivals), board.opened(), board.unreadable) == (["d.1"], [], 0)


@given(
    some.sampled_from(["state", "birth", "heartbeat", "camera/c/state", "event/alarm", "", "x/y"]),
    some.one_of(
        some.binary(max_size=50),
        some.recursive(
            some.none() | some.integers() | some.text(max_size=4),
            lambda inner: some.lists(inner) | some.dictionaries(some.text(max_size=8), inner),
            max_leaves=6,
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_hostile_messages_never_raise(kind: str, payload: bytes) -> None:
    Board().take(f"{SITE}/{kind}", payload, NOW)
