"""A cut of `tests.bench.recording_index`, so that the bench itself stays true."""

from datetime import UTC, datetime
from pathlib import Path

from tests.bench.recording_index import Span, measure


def test_a_few_thousand_files_are_rebuilt_queried_and_thinned_out(tmp_path: Path) -> None:
    span = Span(("camera-00", "camera-01"), datetime(2021, 6, 1, tzinfo=UTC), 2880)
    found = measure(tmp_path, span, 5)
    assert found["indexed"] == span.rows == 5760
    assert found["deleted"] == 2 * 59  # an hour of each camera, but for one held minute each
    assert set(found["query_ms_max"]) == set(found["query_ms_p50"])
