"""Durations and sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.values import parse_duration, parse_size, say_duration, say_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("200ms", 0.2), ("10s", 10), ("2m", 120), ("1h", 3600), ("30d", 2592000), (" 1.5 s ", 1.5)],
)
def test_a_duration_is_a_number_with_its_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["10", "", "s", "-1s", "1e3s", "10 seconds", "1s1m", "nan s", None]
)
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "size"), [("500MB", 5 * 10**8), ("0.5TB", 5 * 10**11), ("7B", 7)])
def test_a_size_is_a_number_with_its_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["500", "5 MiB", "-1GB", "lots", "GB"])
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


@given(st.integers(0, 10**7))
def test_what_is_said_of_a_duration_reads_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(say_duration(seconds)) == pytest.approx(seconds, rel=1e-5)


@given(st.integers(0, 10**15))
def test_what_is_said_of_a_size_reads_back(size: int) -> None:
    assert parse_size(say_size(size)) == size
