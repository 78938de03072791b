"""Hourly rows of coverage and operators' verdicts, in a real database."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.core.event import Event
from edge_agent.core.perception import RuleCoverage
from edge_agent.core.trouble import Trouble
from edge_agent.core.verdict import Judgement, Tally, Verdict
from edge_agent.store.coverage import RuleHours, hour_of
from edge_agent.store.journal import Journal
from edge_agent.store.verdicts import Verdicts

NOON = datetime(2021, 7, 28, 5, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    where = tmp_path / "events.db"
    with closing(Journal(where)) as journal:
        for number, camera, rule in [
            (1, "yard", "distancing"),
            (2, "yard", "distancing"),
            (3, "yard", "mask"),
            (4, "gate", "line"),
        ]:
            moment = NOON + timedelta(hours=number)
            data = {"episode": f"e{number}", "rule": rule}
            kind = "vn.qcam.episode.opened.v1"
            journal.record(
                Event(f"e{number}.opened", "qcam/s", kind, camera, moment, "warning", data), ()
            )
        yield where


def said(episode: str, verdict: Verdict, seconds: int = 0) -> Judgement:
    return Judgement(episode, verdict, "trực ban", NOON + timedelta(seconds=seconds), "xem lại")


def test_the_last_verdict_of_an_episode_counts_and_all_are_kept(path: Path) -> None:
    with closing(Verdicts(path)) as verdicts:
        verdicts.give(said("e1", Verdict.FALSE))
        verdicts.give(said("e1.closed", Verdict.CONFIRMED, 60))
        verdicts.give(said("e2.opened", Verdict.FALSE))
        verdicts.give(said("e3", Verdict.UNCLEAR))
        assert [one.verdict for one in verdicts.of("e1")] == [Verdict.FALSE, Verdict.CONFIRMED]
        assert verdicts.of("e1")[1] == said("e1", Verdict.CONFIRMED, 60)
        assert verdicts.tallies() == {
            ("yard", "distancing"): Tally(1, 1, 0),
            ("yard", "mask"): Tally(0, 0, 1),
        }
        assert verdicts.tallies()["yard", "distancing"].precision == 0.5
        assert verdicts.tallies()["yard", "mask"].precision is None


def test_a_verdict_on_an_episode_that_never_was_is_refused(path: Path) -> None:
    with closing(Verdicts(path)) as verdicts:
        with pytest.raises(Trouble, match="e9") as caught:
            verdicts.give(said("e9", Verdict.CONFIRMED))
        assert caught.value.code == "verdict.unknown_episode"
        assert verdicts.tallies() == {}


def test_episodes_are_counted_by_camera_and_rule(path: Path) -> None:
    with closing(Verdicts(path)) as verdicts:
        assert verdicts.opened(NOON + timedelta(hours=2)) == {
            ("gate", "line"): 1,
            ("yard", "distancing"): 1,
            ("yard", "mask"): 1,
        }


COUNTED = st.builds(
    RuleCoverage,
    st.integers(0, 60).map(float),
    *[st.integers(0, 9)] * 3,
    *[st.integers(0, 99).map(float)] * 2,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 200), COUNTED), max_size=12))
def test_hours_add_up_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[str, int, RuleCoverage]]
) -> None:
    with closing(RuleHours(tmp_path_factory.mktemp("hours") / "events.db")) as hours:
        sums: dict[tuple[str, datetime], RuleCoverage] = {}
        for camera, minute, counted in notes:
            key = camera, hour_of(NOON + timedelta(minutes=minute))
            hours.add({key: counted})
            sums[key] = sums.get(key, RuleCoverage()) + counted
        for camera in "ab":
            expected = {hour: one for (name, hour), one in sums.items() if name == camera}
            assert hours.hours(camera, NOON, NOON + timedelta(days=1)) == expected
            total = sum(expected.values(), RuleCoverage())
            assert hours.since(NOON).get(camera, RuleCoverage()) == total
