"""Cuts of `tests.bench.link_backlog` and `link_peers`, so that the benches themselves stay true."""

from dataclasses import replace

from tests.bench.link_backlog import CASES, Result, measure
from tests.bench.link_peers import Result as Way
from tests.bench.link_peers import judge, run


def test_a_backlog_drains_whole_and_its_alarms_are_seen() -> None:
    found = measure(CASES[0], backlog=200, alarms=2, seed=3)
    assert (found.lost, found.doubled, found.sent) == (0, 0, 200 + len(found.alarms))
    assert 0 < found.up < 200 * 400, "compressed, and sent once"


def test_the_backlogs_judge_misses_nothing() -> None:
    good = Result(CASES[0], [0.1] * 19 + [0.9], 600.0, 20, 1, 0, 0)
    assert good.well
    for bad in (
        {"alarms": [0.1] * 10 + [1.1]}, {"alarms": []}, {"rate": 499.0}, {"lost": 1}, {"doubled": 1}
    ):  # fmt: skip
        assert not replace(good, **bad).well  # type: ignore[arg-type]


def test_ours_comes_through_the_peers_script_and_is_judged_by_it() -> None:
    ours = run("ours", events=40, alarms=2, kbit=512, delay=0.02)
    assert (ours.made, ours.lost, ours.doubled) == (20 + 40 + 10 + 2 + 20, 0, 0)
    raw = Way("raw", 92, 40, 0, 0.0, 0.0, 1.0, 1.0, 1.0)
    assert judge([raw, ours]), "a peer that loses is no measure"
    assert not judge([replace(raw, lost=0), ours])
    for bad in ({"lost": 1}, {"doubled": 1}, {"memory_mb": 31.0}):
        assert not judge([raw, replace(ours, **bad)])  # type: ignore[arg-type]
