"""`Range` of RFC 9110, and what nobody should send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.web.ranges import NotSatisfiable, wanted_bytes


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("", None),
        ("items=0-5", None),
        ("bytes=0-0", (0, 0)),
        ("bytes=0-", (0, 999)),
        ("Bytes = 10-19", (10, 19)),
        ("bytes=990-2000", (990, 999)),
        ("bytes=-1", (999, 999)),
        ("bytes=-5000", (0, 999)),
        ("bytes=0-999999999999999999", (0, 999)),
    ],
)
def test_a_range_is_read(header: str | None, span: tuple[int, int] | None) -> None:
    assert wanted_bytes(header, 1000) == span


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1000-", "bytes=-0"),
        *("bytes=0-0,5-9", "bytes=--5", "bytes=0x1-5", "bytes=١-٢", "bytes=0-5;"),
        *("bytes=" + "9" * 30 + "-", "bytes=" + "0-0," * 5000),
    ],
)
def test_what_cannot_be_satisfied_is_refused(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        wanted_bytes(header, 1000)


@given(st.text(max_size=30), st.integers(1, 10**15))
def test_whatever_is_sent_the_answer_lies_in_the_file(text: str, size: int) -> None:
    for header in (text, f"bytes={text}"):
        try:
            span = wanted_bytes(header, size)
        except NotSatisfiable:
            continue
        assert span is None or 0 <= span[0] <= span[1] < size
