"""Torn files: whatever is cut off or overwritten, the whole fragments are found."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.recording.boxes import Read, closed_part, whole_part
from tests.unit.recording.clips import fragment_ends, fragmented

WHOLE = fragmented(seconds=4)
ENDS = fragment_ends(WHOLE)


def reading(data: bytes) -> Read:
    return lambda at, length: data[at : at + length]


def whole(data: bytes) -> tuple[int, int, float]:
    part = whole_part(BytesIO(data), len(data))
    return part.length, part.fragments, part.seconds


def test_an_untouched_file_is_whole_and_its_seconds_are_counted() -> None:
    length, fragments, seconds = whole(WHOLE)
    assert length == len(WHOLE)
    assert fragments == 4
    assert seconds == pytest.approx(4.0, abs=0.001)


@given(st.integers(0, len(WHOLE)))
def test_a_file_cut_anywhere_keeps_every_fragment_before_the_cut(cut: int) -> None:
    length, fragments, seconds = whole(WHOLE[:cut])
    kept = [end for end in ENDS if end <= cut]
    assert fragments == len(kept)
    assert length <= cut
    if kept:
        assert length == cut == len(WHOLE) or length == kept[-1]
        assert seconds == pytest.approx(len(kept), abs=0.001)


@given(st.integers(ENDS[0], len(WHOLE) - 1), st.sampled_from(["zero", "garbage"]))
def test_a_tail_of_zeros_or_garbage_is_not_taken_for_fragments(cut: int, kind: str) -> None:
    rest = len(WHOLE) - cut
    tail = bytes(rest) if kind == "zero" else b"\xa5" * rest
    length, fragments, _ = whole(WHOLE[:cut] + tail)
    # inside an mdat the sizes are true and the bytes cannot be judged: that fragment may count
    assert fragments <= sum(end <= cut for end in ENDS) + 1
    assert length <= len(WHOLE)


@given(st.binary(max_size=400))
def test_bytes_that_are_no_video_hold_nothing(data: bytes) -> None:
    assert whole(data)[1] == 0


def test_the_index_of_a_closed_file_says_what_reading_it_all_would() -> None:
    quick, full = closed_part(reading(WHOLE), len(WHOLE)), whole_part(BytesIO(WHOLE), len(WHOLE))
    assert quick is not None
    assert (quick.length, quick.fragments, quick.seconds) == (
        full.length,
        full.fragments,
        full.seconds,
    )


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=64))
def test_a_file_that_was_not_closed_has_no_index_to_believe(cut: int, tail: bytes) -> None:
    torn = WHOLE[:cut] + tail
    if torn != WHOLE:
        assert closed_part(reading(torn), len(torn)) is None


@given(st.integers(len(WHOLE) - 120, len(WHOLE) - 1), st.integers(1, 255))
def test_a_damaged_index_is_never_a_crash(at: int, flip: int) -> None:
    torn = bytearray(WHOLE)
    torn[at] ^= flip
    part = closed_part(reading(bytes(torn)), len(torn))
    assert part is None or part.length == len(WHOLE)
