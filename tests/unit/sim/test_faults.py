"""Faults: switches that tests and technicians turn."""

from typing import Any

import pytest

from edge_agent.sim.faults import Faults, Switches


def test_a_camera_begins_healthy_and_changes_are_heard() -> None:
    faults = Faults("cam-1")
    heard: list[Switches] = []
    faults.listen(heard.append)
    assert faults.now == Switches()
    faults.set(freeze=True)
    faults.set(clock_offset=-3600, freeze=False)
    assert heard == [Switches(freeze=True), Switches(clock_offset=-3600)]
    assert faults.now == heard[-1]


@pytest.mark.parametrize(
    "changes", [{"frozen": True}, {"freeze": "yes"}, {"freeze": 1}, {"clock_offset": True}]
)
def test_an_unknown_switch_or_value_changes_nothing(changes: dict[str, Any]) -> None:
    faults = Faults("cam-1")
    with pytest.raises(ValueError, match="no such switch"):
        faults.set(**changes)
    assert faults.now == Switches()
