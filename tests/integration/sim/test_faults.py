"""Faults on demand: through the object, and over the loopback control."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import av
import av.error
import pytest

from edge_agent.sim.faults import Switches
from edge_agent.sim.site import VirtualSite
from edge_agent.sim.virtual_camera import VirtualCamera
from tests.integration.sim.watching import url_of, watch


@pytest.fixture
def camera(site: VirtualSite) -> Iterator[VirtualCamera]:
    one = site.camera("cam-2")
    yield one
    one.faults.set(wrong_password=False, refuse=False, freeze=False, clock_offset=0.0)


def reachable(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=2.0).close()
    except ConnectionRefusedError:
        return False
    return True


def test_with_wrong_password_on_the_right_one_is_refused(
    site: VirtualSite, camera: VirtualCamera
) -> None:
    camera.faults.set(wrong_password=True)
    with pytest.raises(av.error.HTTPUnauthorizedError):
        watch(url_of(camera, site.credential), 1)


def test_a_frozen_camera_keeps_the_connection_and_sends_nothing(
    site: VirtualSite, camera: VirtualCamera
) -> None:
    options = {"rtsp_transport": "tcp", "analyzeduration": "500000"}
    with av.open(url_of(camera, site.credential), options=options, timeout=(5, 1.5)) as container:
        packets = container.demux(video=0)
        next(packets)
        camera.faults.set(freeze=True)
        with pytest.raises(av.error.ExitError):
            for _ in packets:
                pass
    assert reachable(camera.rtsp_url())


def test_a_thawed_camera_goes_on_with_a_key_frame(site: VirtualSite, camera: VirtualCamera) -> None:
    camera.faults.set(freeze=True)
    camera.faults.set(freeze=False)
    assert watch(url_of(camera, site.credential), 1)[0].is_keyframe


def test_a_vanished_camera_drops_its_sessions_and_comes_back_at_the_same_address(
    site: VirtualSite, camera: VirtualCamera
) -> None:
    rtsp, device = camera.rtsp_url(), camera.device_url
    options = {"rtsp_transport": "tcp", "analyzeduration": "500000"}
    with av.open(url_of(camera, site.credential), options=options, timeout=(5, 5)) as container:
        packets = container.demux(video=0)
        next(packets)
        camera.faults.set(refuse=True)
        left = 0
        with suppress(av.error.FFmpegError):  # a reset is as good an end as a quiet one
            for _ in packets:
                left += 1
        assert left < 50
    assert not reachable(rtsp)
    assert not reachable(device)
    camera.faults.set(refuse=False)
    assert (camera.rtsp_url(), camera.device_url) == (rtsp, device)
    assert watch(url_of(camera, site.credential), 1)[0].is_keyframe


def control(url: str, body: object | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=5) as answer:
        return json.load(answer)


def test_the_control_shows_and_sets_switches(site: VirtualSite, camera: VirtualCamera) -> None:
    said = control(f"{site.control_url}/cam-2", {"freeze": True, "clock_offset": 90})
    assert said == asdict(Switches(freeze=True, clock_offset=90))
    assert control(site.control_url) == {"cam-1": asdict(Switches()), "cam-2": said}
    assert camera.faults.now.freeze


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("cam-2", {"frozen": True}, 400),
        ("cam-2", ["freeze"], 400),
        ("cam-9", {"freeze": True}, 404),
    ],
)
def test_the_control_says_what_it_does_not_know(
    site: VirtualSite, name: str, body: object, status: int
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(f"{site.control_url}/{name}", body)
    assert caught.value.code == status
    assert json.load(caught.value)["error"]
    caught.value.close()
