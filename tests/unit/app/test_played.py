"""A table of tracks: read as it was meant, or refused with the line and the cause."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.app.played import Played, frames_of, parse
from edge_agent.core.geometry import Box, Size
from edge_agent.core.trouble import Trouble

HEAD = "frame,time_s,id,x,y,w,h,score"
SIZE = Size(640, 360)


def read(*lines: str) -> list[Played]:
    return list(frames_of(parse(lines), SIZE))


def test_rows_are_put_together_by_frame_and_in_order() -> None:
    frames = read(HEAD, "5,1.0,2,10,20,30,60,0.5", "0,0.0,1,1,2,3,4,", "5,1.0,,50,20,30,60,0.7")
    assert [(one.frame, one.at.mono, one.ids) for one in frames] == [
        (0, 0.0, (1,)),
        (5, 1.0, (2, None)),
    ]
    assert frames[0].detections[0].score == 1.0
    assert frames[1].detections[0].box == Box(10, 20, 40, 80)


def test_the_header_may_be_missing_or_name_the_columns_in_another_order() -> None:
    plain = read("0,0.0,1,1,2,3,4,0.5")
    turned = read("score,h,w,y,x,id,time_s,frame", "0.5,4,3,2,1,1,0.0,0")
    assert plain == turned


def test_frames_without_anybody_are_filled_in() -> None:
    rows = [f"{n},{n / 10},1,1,2,3,4,1" for n in (0, 2, 4, 10, 12)]
    frames = read(*rows)
    assert [one.frame for one in frames] == [0, 2, 4, 6, 8, 10, 12]
    assert frames[3].detections == ()
    assert frames[3].at.mono == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("0,0.0,1,1,2,3", "6 columns"),
        ("0,zero,1,1,2,3,4,1", "time_s"),
        ("0,nan,1,1,2,3,4,1", "time_s"),
        ("0,-1,1,1,2,3,4,1", "time_s"),
        ("0.5,0,1,1,2,3,4,1", "frame"),
        ("-1,0,1,1,2,3,4,1", "frame"),
        ("0,0,anna,1,2,3,4,1", "id"),
        ("0,0,1,1,2,0,4,1", "w = 0"),
        ("0,0,1,1,2,3,-4,1", "h = -4"),
        ("0,0,1,inf,2,3,4,1", "x"),
        ("0,0,1,1,2,3,4,1.5", "score"),
        ("8,0.8,1,1,2,3,4,1", "id 1 is in frame 8 twice"),
        ("8,0.9,2,1,2,3,4,1", "frame 8 is at 0.8 s"),
        ("9,0.8,2,1,2,3,4,1", "not later than frame 8"),
        ("9,0.1,2,1,2,3,4,1", "not later than frame 8"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_cause(line: str, cause: str) -> None:
    with pytest.raises(Trouble) as told:
        read(HEAD, "8,0.8,1,1,2,3,4,1", line)
    assert told.value.code == "replay.row"
    assert "Line 3" in told.value.en
    assert cause in told.value.en


def test_a_header_with_other_columns_is_refused() -> None:
    with pytest.raises(Trouble, match="columns"):
        read("frame,time,id", "0,0,1")


@given(st.lists(st.text(alphabet='0123456789.,-einaf" \n', max_size=30), max_size=6))
def test_any_text_is_read_or_refused_in_words(lines: list[str]) -> None:
    with suppress(Trouble):
        read(*lines)
