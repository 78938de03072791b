"""The pictures on which models are tried."""

from edge_agent.core.geometry import Size
from edge_agent.vision.frame import size_of
from edge_agent.vision.specimens import Figure, picture, specimens


def test_they_are_the_same_every_time() -> None:
    for one, again in zip(specimens(), specimens(), strict=True):
        assert (one.image == again.image).all()
        assert one.people == again.people


def test_everybody_is_inside_and_one_picture_is_empty() -> None:
    shown = specimens()
    assert [len(one.people) for one in shown] == [2, 3, 1, 0]
    for one in shown:
        assert all(who == who.clipped(size_of(one.image)) for who in one.people)


def test_a_figure_fills_its_box() -> None:
    figure = Figure(160, 220, 180)
    with_somebody = picture("one", Size(320, 240), [figure]).image.astype(int)
    changed = abs(with_somebody - picture("none", Size(320, 240), []).image).max(axis=2) > 24
    rows, columns = changed.any(axis=1).nonzero()[0], changed.any(axis=0).nonzero()[0]
    assert abs(rows[0] - figure.box.y1) < 6
    assert abs(rows[-1] - figure.box.y2) < 10
    assert abs(columns[0] - figure.box.x1) < 10
    assert abs(columns[-1] - figure.box.x2) < 10
