"""One set of clips and one broker for all whole-site tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.house import Broker, House, broker, house


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Broker]:
    with broker(tmp_path / "broker") as started:
        yield started


@pytest.fixture
def site(tmp_path: Path, clips: Path, center: Broker) -> Iterator[House]:
    with house(tmp_path / "site", clips, center.url) as built:
        yield built
