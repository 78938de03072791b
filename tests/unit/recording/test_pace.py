"""Packets gather in the socket, but never more than fits there."""

import pytest

from edge_agent.recording.pace import Pace


def pauses(kbit: float, seconds: float, fps: float = 25.0) -> list[float]:
    """The pauses that a live stream of this rate gets, in order."""
    pace, now, frame, found = Pace(0.0), 0.0, 0, []
    while now < seconds:
        frame += 1
        now = max(now, frame / fps)  # it blocks for the next picture, or one has gathered
        pause = pace.pause(round(kbit * 125 / fps), now)
        if pause:
            found.append(pause)
        now += pause
        pace.ask(now)
    return found


def test_nothing_gathers_before_the_rate_is_known() -> None:
    assert pauses(2000, 1.9) == []


@pytest.mark.parametrize("kbit", [200, 2000, 8000, 40_000])
def test_what_gathers_fits_the_socket_at_any_rate(kbit: float) -> None:
    found = pauses(kbit, 20)
    assert found
    assert max(found) <= 0.25
    assert found[0] * kbit * 125 <= 34_000
    assert max(found) * kbit * 125 <= 140_000


def test_of_25_pictures_a_second_most_come_without_waiting_for_them() -> None:
    assert len(pauses(2000, 22)) <= 5 * 20


def test_a_stream_that_has_fallen_behind_is_read_without_a_pause() -> None:
    pace = Pace(0.0)
    pace.pause(10_000, 2.5)
    pace.ask(2.5)
    assert pace.pause(10_000, 2.5005) == 0.0
