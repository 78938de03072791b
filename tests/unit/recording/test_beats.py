"""A recorder's beats tell the next one since when, and by which labels, nobody recorded."""

from datetime import UTC, datetime, timedelta

from edge_agent.core.time import Instant
from edge_agent.recording.beats import Pulse, before_set_back, begun_at, by_this_boot
from edge_agent.store.presence import Beat

START = datetime(2021, 7, 28, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def moment(seconds: float, shift: float = 0.0) -> Instant:
    """So many seconds after the start, by a wall clock that is `shift` seconds ahead."""
    return Instant(at(seconds + shift), 1000.0 + seconds)


def test_a_clock_that_runs_on_or_is_set_forward_is_nothing_to_remember() -> None:
    pulse = Pulse("boot")
    pulse.beat(moment(0))
    pulse.beat(moment(1))
    assert pulse.beat(moment(2, shift=3600)) == Beat(moment(2, shift=3600), "boot")
    assert before_set_back(pulse.beat(moment(3, shift=3600))) is None


def test_a_clock_that_is_set_back_is_remembered_with_both_of_its_times() -> None:
    pulse = Pulse("boot")
    pulse.beat(moment(10))
    pulse.beat(moment(11, shift=-3600))
    beat = pulse.beat(moment(14, shift=-3600))
    assert beat == Beat(moment(14, shift=-3600), "boot", HOUR, 1011.0)
    assert before_set_back(beat) == (at(11 - 3600 - 2), Beat(moment(14), "boot"))


def test_a_row_newer_than_the_beat_is_as_old_as_the_beat_at_most() -> None:
    beat = Beat(moment(30))
    assert begun_at(at(10), beat) == moment(10)
    assert begun_at(at(40), beat) == Instant(at(40), moment(30).mono)


def test_of_another_boot_only_the_wall_clock_tells_how_long_ago_it_was() -> None:
    beat = Beat(Instant(at(0), 77.0), "before", HOUR, 70.0)
    assert by_this_boot(beat, "before", moment(50)) is beat
    assert by_this_boot(beat, "now", moment(50)) == Beat(moment(0), "before")
    back = moment(50, shift=-3600)
    assert by_this_boot(beat, "now", back) == Beat(Instant(at(0), back.mono), "before")
