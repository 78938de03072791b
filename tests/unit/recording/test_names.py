"""A segment's path says camera, stream and UTC start."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.recording.names import parse_path, segment_path


def test_the_path_is_in_utc_whatever_the_zone_of_the_start() -> None:
    start = datetime(2021, 7, 28, 2, 30, 5, 123_999, tzinfo=timezone(timedelta(hours=7)))
    path = segment_path("yard-1", start)
    assert path == "yard-1/2021-07-27/yard-1_main_20210727T193005.123Z.mp4"


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_path_reads_back_to_the_millisecond(microseconds: int) -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    parsed = parse_path(segment_path("yard", start))
    assert parsed is not None
    assert parsed[0] == "yard"
    assert timedelta(0) <= start - parsed[1] < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "path",
    [
        "yard/2021-07-28/holiday.mp4",
        "yard/2021-07-28/gate_main_20210728T070000.000Z.mp4",
        "yard/2021-07-29/yard_main_20210728T070000.000Z.mp4",
        "yard/2021-07-28/yard_main_20211328T070000.000Z.mp4",
        "../2021-07-28/.._main_20210728T070000.000Z.mp4",
        "yard_main_20210728T070000.000Z.mp4",
    ],
)
def test_a_file_that_is_not_ours_is_not_taken_for_one(path: str) -> None:
    assert parse_path(path) is None
