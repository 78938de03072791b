"""The agent's own job of renewal, against the real desk: when it acts, what it says when not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.app.layout import Layout
from edge_agent.app.renewal import Renewal, certificate_ends
from edge_agent.center.authority.keeper import Authority
from edge_agent.config.schema import Config
from edge_agent.link.enrol import keys
from tests.fakes.clock import FakeClock
from tests.integration.center.conftest import NOW
from tests.integration.center.enrolling import DAY, Box, Center, enrolled


class Site:
    """A box that is enrolled, its configuration, and a clock of its own."""

    def __init__(self, center: Center, folder: Path) -> None:
        self.center, self.clock = center, FakeClock(NOW)
        self.box: Box = enrolled(center, folder / "state")
        self.layout = Layout(folder / "state", folder)

    def config(self, **changed: object) -> Config:
        pem, center = str(self.box.identity.pem), f"https://{self.center.address}"
        mqtt = {"certificate": pem, "key": pem, "renewal": center, **changed}
        return Config.model_validate({"site": {"id": "khu-a"}, "mqtt": mqtt})

    def turn(self, **changed: object) -> bool:
        return Renewal(self.config(**changed), self.layout, self.clock).turn()

    def pass_days(self, days: float) -> None:
        self.clock.pass_time(days * DAY)
        self.center.clock.pass_time(days * DAY)

    def serial(self) -> str:
        return keys.read_certificate(self.box.identity.pem.read_text()).serial


@pytest.fixture
def site(authority: Authority, serve: Callable[..., int], tmp_path: Path) -> Site:
    return Site(Center(authority, serve), tmp_path)


def test_it_renews_once_in_the_last_third_and_then_rests(site: Site) -> None:
    first = site.serial()
    assert not site.turn()
    site.pass_days(244)
    assert site.turn()
    assert site.serial() != first
    assert not site.turn()
    ends = certificate_ends(site.config())
    assert ends is not None
    assert ends > f"{NOW.year + 1}"


def test_what_fails_is_said_and_tried_again(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.pass_days(300)
    first = site.serial()
    assert not site.turn(renewal="https://127.0.0.1:1")
    assert "enrol.unreachable" in capsys.readouterr().out
    assert site.serial() == first
    assert site.turn()


def test_a_certificate_of_another_hand_is_told_of_and_left_alone(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.pass_days(300)
    own = tmp_path / "own.pem"
    own.write_bytes(site.box.identity.pem.read_bytes())
    assert not site.turn(certificate=str(own), key=str(own))
    assert not site.turn(renewal=None)
    assert capsys.readouterr().out.count("renewal.by_hand") == 2


def test_a_site_without_a_certificate_has_nothing_to_renew(site: Site, tmp_path: Path) -> None:
    site.pass_days(300)
    assert not site.turn(certificate=None, key=None)
    broken = tmp_path / "broken.pem"
    broken.write_bytes(b"\xff")
    assert not site.turn(certificate=str(broken), key=str(broken))
    assert certificate_ends(site.config(certificate=None, key=None)) is None


def test_after_its_end_it_waits_for_the_officer(site: Site) -> None:
    site.pass_days(380)
    assert not site.turn()
    ticket = site.center.desk.all()[-1]
    assert (ticket.kind, ticket.state) == ("grace", "waiting")
    site.center.desk.approve(ticket.id, "Đ/c Lan", site.box.key)
    assert site.turn()
