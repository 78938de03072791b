"""Who is kept as a walker."""

from edge_agent.core.geometry import Box
from edge_agent.core.perception import Detection, Walk
from edge_agent.rules.tracker import Tracker, advance
from edge_agent.rules.walkers import LONGEST, Walkers, follow
from tests.unit.rules.scenes import SIZE, moment


def kept(boxes: list[Box | None], fps: float = 5.0) -> list[Walk]:
    """The walks that these boxes of one person leave; None is a frame without them."""
    tracker, walkers, ended = Tracker(SIZE, None), Walkers(), list[Walk]()
    for number, box in enumerate([*boxes, *[None] * int(8 * fps)]):
        found = [] if box is None else [Detection(box, 0.9)]
        tracker = advance(tracker, moment(number / fps), found)
        walkers, walks = follow(walkers, tracker.trails, moment(number / fps), "gate", SIZE)
        assert all(len(steps) <= LONGEST for steps in walkers.steps.values())
        ended += walks
    assert walkers.steps == {}
    return ended


def body(x: float, foot: float, tall: float = 80.0) -> Box:
    return Box(x - 14, foot - tall, x + 14, foot)


def test_somebody_who_crosses_the_view_is_kept_from_head_to_foot() -> None:
    (walk,) = kept([body(100 + 6 * n, 200 + n) for n in range(30)])
    assert walk.camera == "gate"
    assert walk.size == SIZE
    assert 20 <= len(walk.steps) <= 30
    _, x, top, bottom = walk.steps[-1]
    assert abs(x - 274) < 12
    assert abs(bottom - top - 80) < 2


def test_somebody_who_stands_is_not_kept() -> None:
    assert kept([body(300, 250)] * 40) == []


def test_a_passage_of_a_moment_is_not_kept() -> None:
    assert kept([body(300 + 10 * n, 250) for n in range(5)]) == []


def test_boxes_at_the_picture_s_edge_are_left_out() -> None:
    walks = kept([body(60 + 6 * n, min(360.0, 300.0 + 3 * n)) for n in range(50)])
    assert all(step[3] < 359 for walk in walks for step in walk.steps)


def test_a_long_walk_is_thinned() -> None:
    (walk,) = kept([body(100 + 2 * n, 250) for n in range(220)])
    assert LONGEST / 2 <= len(walk.steps) <= LONGEST
    assert walk.steps[0][1] < 130
    assert walk.steps[-1][1] > 500
