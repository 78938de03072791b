"""The bench of a day without people, cut short: silence where nobody is, and a walker followed."""

from tests.bench.vision_quiet import main


def test_nobody_is_kept_as_a_person_where_nobody_is_and_a_walker_is_followed() -> None:
    assert main(["--cut"]) == 0
