"""Optional work gives way to frames that wait, and is done all the same."""

from edge_agent.vision.courtesy import Courtesy


def test_work_is_done_at_once_where_nothing_waits() -> None:
    courtesy = Courtesy(lambda: False)
    assert all(courtesy.allows(second) for second in (0.0, 0.2, 7.0))


def test_work_waits_for_the_next_frame_without_a_crowd() -> None:
    crowd = [True, False, True]
    courtesy = Courtesy(lambda: crowd.pop(0))
    assert [courtesy.allows(second) for second in (0.0, 0.2, 0.4)] == [False, True, False]


def test_work_waits_half_a_second_at_most() -> None:
    courtesy = Courtesy(lambda: True)
    asked = [0.0, 0.2, 0.4, 0.6, 0.8]
    assert [courtesy.allows(second) for second in asked] == [False, False, False, True, False]
