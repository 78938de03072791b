"""What is done to a virtual camera's lens is on air, for a watcher who was there before."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
import pytest

from edge_agent.sim.site import VirtualSite
from edge_agent.sim.virtual_camera import VirtualCamera
from tests.integration.sim.watching import url_of

OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "500000"}
WELL = {"cover": False, "turn": False, "blur": False, "dark": False, "stuck": False}


@pytest.fixture
def camera(site: VirtualSite) -> Iterator[VirtualCamera]:
    one = site.camera("cam-1")
    yield one
    one.faults.set(**WELL)


@pytest.fixture
def pictures(site: VirtualSite, camera: VirtualCamera) -> Iterator[Iterator[np.ndarray]]:
    """The grey pictures of one session that stays open while switches are turned."""
    url = url_of(camera, site.credential, "sub")
    with av.open(url, options=OPTIONS, timeout=(5, 5)) as container:
        yield (frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0))


def later(pictures: Iterator[np.ndarray], seconds: float = 2.5) -> np.ndarray:
    """The picture so many seconds of the stream later: what was on its way has gone by."""
    for _ in range(int(seconds * 10)):
        picture = next(pictures)
    return picture


def detail(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture, axis=1)).mean())


def test_a_cloth_blur_and_the_dark_take_the_detail_and_it_comes_back(
    camera: VirtualCamera, pictures: Iterator[np.ndarray]
) -> None:
    whole = later(pictures, 0.5)
    for act in ("cover", "blur", "dark"):
        camera.faults.set(**{**WELL, act: True})
        assert detail(later(pictures)) < 0.6 * detail(whole), act
    assert later(pictures, 0.1).mean() < 12
    camera.faults.set(**WELL)
    assert detail(later(pictures)) > 0.8 * detail(whole)


def test_a_turned_camera_shows_something_else_as_sharply(
    camera: VirtualCamera, pictures: Iterator[np.ndarray]
) -> None:
    whole = later(pictures, 0.5)
    camera.faults.set(turn=True)
    other = later(pictures)
    assert np.corrcoef(whole.ravel(), other.ravel())[0, 1] < 0.5
    assert detail(other) > 0.5 * detail(whole)


def test_a_stuck_camera_sends_one_picture_for_ever(
    camera: VirtualCamera, pictures: Iterator[np.ndarray]
) -> None:
    camera.faults.set(stuck=True)
    first = later(pictures)
    assert np.array_equal(first, later(pictures, 1.0))
    camera.faults.set(stuck=False)
    assert not np.array_equal(first, later(pictures))
