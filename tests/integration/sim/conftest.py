"""A small virtual site, made once: three seconds of the real stories, small and at free ports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.core.geometry import Size
from edge_agent.sim.clip import ClipForm
from edge_agent.sim.site import VirtualSite, prepare
from edge_agent.sim.virtual_camera import Ports

FORM = ClipForm(seconds=3.0, fps=10, main=Size(640, 360), sub=Size(320, 180), main_kbit=600)
FREE = Ports(http=0, rtsp=0, discovery=0, control=0)
FIRST = "127.0.50.11"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[VirtualSite]:
    """Two cameras, up for the whole session; a test that turns a fault turns it back."""
    folder = tmp_path_factory.mktemp("site")
    made = prepare(folder, 2, 99, form=FORM, cache=cache, first_address=FIRST, ports=FREE)
    with made:
        yield made
