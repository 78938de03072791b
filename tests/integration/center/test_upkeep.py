"""Who is out at the authority is out in the center's database, and in again when enrolled anew."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from edge_agent.center.authority.keeper import Authority
from edge_agent.center.store import sites
from edge_agent.center.store.engine import open_engine
from edge_agent.center.upkeep import Upkeep
from edge_agent.config.center import CenterConfig
from edge_agent.link.enrol import keys
from edge_agent.runtime.supervisor import start_thread
from tests.fakes.clock import FakeClock
from tests.integration.broker import until
from tests.integration.center.conftest import NOW


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    found = open_engine("", tmp_path)
    yield found
    found.dispose()


@pytest.fixture
def clock(authority: Authority, engine: Engine, cleanup: ExitStack) -> FakeClock:
    """Upkeep runs; its clock."""
    state = {"state": str(authority.home.folder)}
    config = CenterConfig.model_validate({"storage": state})
    clock, stop = FakeClock(NOW), Event()
    upkeep = Upkeep(config, engine, clock)
    thread = start_thread("upkeep", lambda s: upkeep.run_once(s, 0.05), stop)
    cleanup.callback(thread.join, 10)
    cleanup.callback(stop.set)
    return clock


def sign(authority: Authority, site: str) -> None:
    authority.sign(keys.request(keys.new_key(), site), site, NOW)


@pytest.mark.usefixtures("clock")
def test_a_revoked_site_is_marked_until_it_is_enrolled_anew(
    authority: Authority, engine: Engine
) -> None:
    for site in ("khu-a", "khu-b"):
        sign(authority, site)
    authority.revoke("khu-a", NOW, "Lan", "mất máy")
    until(lambda: sites.revoked_all(engine) == {"khu-a"})
    sign(authority, "khu-a")
    until(lambda: sites.revoked_all(engine) == frozenset())


def test_the_center_s_own_certificates_are_renewed_while_it_runs(
    authority: Authority, clock: FakeClock
) -> None:
    before = authority.home.https.read_bytes()
    clock.pass_time(timedelta(days=500).total_seconds())
    until(lambda: authority.home.https.read_bytes() != before)
