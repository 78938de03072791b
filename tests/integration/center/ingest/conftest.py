"""Both databases, real; a broker; a center as processes; sites that say what they are told."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from edge_agent.center.store.engine import open_engine
from tests.integration.broker import Broker
from tests.integration.center.ingest.running import CenterProcess, Site
from tests.integration.postgres import Postgres

_names = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        yield server.start()
    finally:
        server.end()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The value of storage.database, on either engine."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(f"center{next(_names)}")


@pytest.fixture
def engine(database: str, tmp_path: Path) -> Iterator[Engine]:
    found = open_engine(database, tmp_path)
    yield found
    found.dispose()


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def broker(tmp_path: Path, cleanup: ExitStack) -> Broker:
    made = Broker(tmp_path)
    cleanup.callback(made.kill)
    return made.start()


@pytest.fixture
def make_center(tmp_path: Path, cleanup: ExitStack) -> Callable[..., CenterProcess]:
    def make(url: str, database: str = "", **more: object) -> CenterProcess:
        center = CenterProcess(tmp_path / "center", url, database, **more)  # type: ignore[arg-type]
        cleanup.callback(center.end)
        return center.start()

    return make


@pytest.fixture
def make_site(cleanup: ExitStack) -> Callable[..., Site]:
    def make(url: str, name: str = "khu-a", epoch: str = "e1") -> Site:
        site = Site(url, name, epoch)
        cleanup.callback(site.end)
        return site

    return make
