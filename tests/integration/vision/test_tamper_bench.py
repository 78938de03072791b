"""The bench of tampering, cut short: every act is noticed, and weather is not."""

from tests.bench.rules_tamper import main


def test_every_act_is_noticed_and_nothing_else_is() -> None:
    assert main(["--cut", "--seed", "3"]) == 0
