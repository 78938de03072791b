"""The bench of a day without people, cut short: nobody is seen where nobody is."""

from tests.bench.vision_quiet import main


def test_nobody_is_kept_as_a_person_where_nobody_is() -> None:
    assert main(["--cut"]) == 0
