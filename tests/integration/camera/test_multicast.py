"""Discovery by real multicast on the loopback interface, among whatever else answers there."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from edge_agent.camera.discovery import Found, discover
from edge_agent.camera.search import Memory, find_cameras
from edge_agent.config.schema import Discovery
from edge_agent.core.geometry import Size
from edge_agent.core.secret import Credential
from edge_agent.runtime.clock import SystemClock
from edge_agent.sim.faults import Faults
from edge_agent.sim.identity import Nameplate, StreamProfile, nameplate
from edge_agent.sim.onvif_server import OnvifServer
from edge_agent.sim.wsdiscovery import DiscoveryResponder

RIGHT = Credential("admin", "right horse")
ADDRESSES = ["127.0.0.94", "127.0.0.95", "127.0.0.96"]
PROFILES = {"main": StreamProfile("main", Size(1920, 1080), 25, 4000, 2)}
ON_LOOPBACK = Discovery(interfaces=("lo",), wait="500ms")


@pytest.fixture
def site() -> Iterator[list[Nameplate]]:
    plates = []
    with ExitStack() as stack:
        for number, address in enumerate(ADDRESSES, 1):
            plate = nameplate(number, f"Hành lang {number}", 41, address, PROFILES)
            server = OnvifServer(plate, (address, 0), RIGHT, Faults(plate.id), SystemClock())
            server.open(8554)
            stack.callback(server.close)
            responder = DiscoveryResponder(plate, address)
            responder.open(server.device_url)
            stack.callback(responder.close)
            plates.append(plate)
        yield plates


def own(found: tuple[Found, ...]) -> list[Found]:
    return [device for device in found if device.source in ADDRESSES]


def test_multicast_finds_every_camera_and_five_passes_agree(site: list[Nameplate]) -> None:
    passes = [own(discover(ON_LOOPBACK, SystemClock())) for _ in range(5)]
    assert {device.epr for device in passes[0]} == {plate.epr for plate in site}
    assert passes[1:] == [passes[0]] * 4
    for device in passes[0]:
        assert device.is_camera
        assert device.xaddrs[0].startswith(f"http://{device.source}:")
        assert any("Hành lang" in scope for scope in device.scopes)


def test_unicast_reaches_the_named_host_alone(site: list[Nameplate]) -> None:
    config = Discovery(interfaces=("no-such-port",), hosts=(ADDRESSES[1],), wait="500ms")
    (found,) = discover(config, SystemClock())
    assert (found.epr, found.source) == (site[1].epr, ADDRESSES[1])


def test_a_search_from_nothing_names_every_camera(site: list[Nameplate]) -> None:
    findings = find_cameras(ON_LOOPBACK, (), lambda _: RIGHT, (), SystemClock(), memory=Memory())
    cameras = {camera.id: camera for camera in findings.cameras if camera.host in ADDRESSES}
    assert set(cameras) == {"cam-" + plate.mac.replace(":", "")[-6:] for plate in site}
    assert {camera.identity.epr for camera in cameras.values()} == {plate.epr for plate in site}
    assert all(camera.main.width == 1920 and camera.sub is None for camera in cameras.values())
