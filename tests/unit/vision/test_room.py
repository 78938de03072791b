"""Vision gives way while memory is short, says so, and goes on by itself."""

from pathlib import Path

from edge_agent.vision.room import ENOUGH, SHORT, Room, go_first


def test_it_gives_way_below_one_limit_and_goes_on_above_another() -> None:
    left = [SHORT + 1, SHORT - 1, SHORT + 1, ENOUGH - 1, ENOUGH, SHORT]
    room = Room(lambda: left.pop(0))
    assert [(room.look(), room.short) for _ in range(6)] == [
        (False, False),
        (True, True),
        (False, True),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_a_box_that_allows_no_score_is_looked_at_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "oom_score_adj").write_text("200")
    go_first(tmp_path)
    assert (tmp_path / "oom_score_adj").read_text() == "600"
    go_first(tmp_path / "nowhere")
