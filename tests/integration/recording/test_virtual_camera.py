"""The recorder against the project's own virtual camera, which can also freeze."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from edge_agent.core.geometry import Size
from edge_agent.core.secret import Credential
from edge_agent.sim.clip import ClipForm, Picture
from edge_agent.sim.clip_cache import make_clip
from edge_agent.sim.faults import Faults
from edge_agent.sim.rtsp import RtspServer
from tests.integration.recording.site import Site, until

FORM = ClipForm(seconds=4, main=Size(320, 192), sub=Size(160, 96), main_kbit=200, sub_kbit=50)


def _pictures() -> Iterator[Picture]:
    for number in range(FORM.frames):
        picture = np.full((FORM.main.height, FORM.main.width, 3), 80, np.uint8)
        picture[:, number * 4 % FORM.main.width] = 200
        yield picture


@contextmanager
def _served(folder: Path, faults: Faults) -> Iterator[str]:
    """The URL of a virtual camera's main stream, served while the body runs."""
    clip = make_clip(folder / "clips", "test", FORM, _pictures, lambda *_: None, Event())
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    started = asyncio.run_coroutine_threadsafe(_now(), loop).result(5)
    streams, account = {"main": clip.main, "sub": clip.sub}, Credential("admin", "secret")
    server = RtspServer("yard", ("127.0.0.1", 0), streams, account, faults, started)
    asyncio.run_coroutine_threadsafe(server.open(), loop).result(5)
    try:
        yield f"rtsp://127.0.0.1:{server.port}/main"
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
        asyncio.run_coroutine_threadsafe(_settled(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _now() -> float:
    return asyncio.get_running_loop().time()


async def _settled() -> None:
    mine = asyncio.current_task()
    await asyncio.gather(*(t for t in asyncio.all_tasks() if t is not mine), return_exceptions=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, "secret")
    yield site
    site.recordings.close()


def test_a_virtual_camera_is_recorded_and_a_frozen_one_is_noticed(
    site: Site, tmp_path: Path
) -> None:
    faults = Faults("yard")
    with _served(tmp_path, faults) as url:
        site.expect(yard=url)
        with site.recorder():
            until(site.recording)
            until(lambda: any(path.stat().st_size > 4000 for path in site.root.rglob("*.mp4")))
            faults.set(freeze=True)
            until(lambda: site.status() == ("offline", "camera_offline"), within=8)
            faults.set(freeze=False)
            until(site.recording)
    assert site.gaps()[0] == ("camera_offline", True)
    site.check_files()
    site.check_ledger()
