"""The ONVIF adapter against a virtual camera, and one contract for it and its fake."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from edge_agent.camera.discovery import Found
from edge_agent.camera.onvif import Description, OnvifCamera, SoapCamera
from edge_agent.camera.search import Findings, Memory, find_cameras
from edge_agent.camera.soap import NoAnswerError, RefusedError
from edge_agent.config.schema import Discovery
from edge_agent.core.geometry import Size
from edge_agent.core.secret import Credential
from edge_agent.runtime.clock import SystemClock
from edge_agent.sim.faults import Faults
from edge_agent.sim.identity import StreamProfile, nameplate
from edge_agent.sim.onvif_server import OnvifServer
from tests.fakes.onvif import FakeOnvifCamera
from tests.unit.camera.test_onboarding import device

RIGHT = Credential("admin", "p@ss: w/rd#")
WRONG = Credential("admin", "not this one")
PROFILES = {
    "main": StreamProfile("profile-main", Size(1920, 1080), 25, 4000, 2),
    "sub": StreamProfile("profile-sub", Size(640, 360), 10, 500, 2),
}


@dataclass
class Virtual:
    """A virtual camera's ONVIF service on a loopback address of its own."""

    server: OnvifServer
    faults: Faults

    @property
    def found(self) -> Found:
        return Found("urn:uuid:virtual", (self.server.device_url,), (), "127.0.0.91")

    def describe(self, credential: Credential | None) -> Description:
        return SoapCamera(self.found, SystemClock()).describe(credential)


@pytest.fixture
def virtual() -> Iterator[Virtual]:
    faults = Faults("cam-1")
    plate = nameplate(1, "Cổng", 7, "127.0.0.91", PROFILES)
    server = OnvifServer(plate, ("127.0.0.91", 0), RIGHT, faults, SystemClock())
    server.open(8554)
    yield Virtual(server, faults)
    server.close()


# ------------------------------------------------------------------------------ the contract
@pytest.fixture(params=["fake", "real"])
def camera(request: pytest.FixtureRequest, virtual: Virtual) -> OnvifCamera:
    if request.param == "fake":
        return FakeOnvifCamera(device(1), RIGHT)
    return SoapCamera(virtual.found, SystemClock())


def test_a_camera_describes_itself_to_who_knows_its_password(camera: OnvifCamera) -> None:
    said = camera.describe(RIGHT)
    assert said.identity.mac
    assert said.identity.serial
    assert said.make
    assert said.host.count(".") == 3
    assert [profile.width for profile in said.profiles] == [1920, 640]
    assert len({profile.source for profile in said.profiles}) == 1
    assert all(one.url.startswith("rtsp://") and "@" not in one.url for one in said.profiles)
    assert abs(said.clock_offset) < 2


@pytest.mark.parametrize("credential", [WRONG, None], ids=["wrong", "none"])
def test_a_camera_tells_others_nothing(camera: OnvifCamera, credential: Credential | None) -> None:
    with pytest.raises(RefusedError) as refused:
        camera.describe(credential)
    assert "not this one" not in repr(refused.value)


def test_a_camera_that_is_off_does_not_answer(virtual: Virtual) -> None:
    found = replace(virtual.found, xaddrs=("http://127.0.0.92:9/onvif/device_service",))
    cameras: list[OnvifCamera] = [FakeOnvifCamera(None), SoapCamera(found, SystemClock())]
    for camera in cameras:
        with pytest.raises(NoAnswerError):
            camera.describe(RIGHT)


# ------------------------------------------------------------------------------ the real one
def test_what_the_virtual_camera_says_is_read_in_full(virtual: Virtual) -> None:
    said = virtual.describe(RIGHT)
    assert (said.make, said.model) == ("edge-agent", "VirtualCam-1080")
    assert said.identity.epr == "urn:uuid:virtual"
    assert [profile.url for profile in said.profiles] == [
        "rtsp://127.0.0.91:8554/main",
        "rtsp://127.0.0.91:8554/sub",
    ]


@pytest.mark.parametrize("offset", [-3600.0 * 24 * 900, -7200.0, 8.0, 3600.0 * 24 * 400])
def test_a_camera_with_a_wrong_clock_is_signed_on_to_with_its_own_time(
    virtual: Virtual, offset: float
) -> None:
    virtual.faults.set(clock_offset=offset)
    assert virtual.describe(RIGHT).clock_offset == pytest.approx(offset, abs=1.0)
    assert virtual.server.refused == 0


def test_many_threads_and_a_wrong_clock_bring_no_rejection(virtual: Virtual) -> None:
    virtual.faults.set(clock_offset=-86_400.0)
    camera = SoapCamera(virtual.found, SystemClock())
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: camera.describe(RIGHT), range(12)))
    assert {one.identity for one in said} == {said[0].identity}
    assert virtual.server.refused == 0


def test_a_wrong_password_is_offered_at_most_twice_however_often_we_search(
    virtual: Virtual,
) -> None:
    memory = Memory()
    for _ in range(5):
        findings = search(virtual, WRONG, memory)
        assert [trouble.code for trouble in findings.troubles] == ["camera.password_refused"]
    assert 1 <= virtual.server.refused <= 2
    assert search(virtual, RIGHT, memory).troubles == ()
    assert virtual.server.refused <= 2


def test_a_host_without_discovery_is_found_by_its_device_service(virtual: Virtual) -> None:
    findings = search(virtual, RIGHT, Memory())
    (camera,) = findings.cameras
    assert camera.host == "127.0.0.91"
    assert camera.id == "cam-" + camera.identity.mac.replace(":", "")[-6:]
    assert camera.sub is not None
    assert (camera.main.width, camera.sub.width) == (1920, 640)


def test_a_wrong_clock_is_said_in_both_languages(virtual: Virtual) -> None:
    virtual.faults.set(clock_offset=90.0)
    (trouble,) = search(virtual, RIGHT, Memory()).troubles
    assert trouble.code == "camera.clock_wrong"
    for words in (trouble.vi, trouble.en):
        assert "+90 s" in words or "+89 s" in words or "+91 s" in words


def search(virtual: Virtual, credential: Credential, memory: Memory) -> Findings:
    """By unicast alone, at the service's own port."""
    host = f"127.0.0.91:{virtual.server.port}"
    config = Discovery(interfaces=("no-such-port",), hosts=(host,), wait="500ms")
    found = find_cameras(config, (), lambda _: credential, (), SystemClock(), memory=memory)
    return replace(
        found, troubles=tuple(one for one in found.troubles if one.code.startswith("camera."))
    )
