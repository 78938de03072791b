from threading import Event

import pytest

from edge_agent.camera import search
from edge_agent.camera.discovery import Found
from edge_agent.camera.onvif import Description
from edge_agent.camera.search import Findings, Memory, ask_and_onboard
from edge_agent.config.schema import CameraEntry, Discovery, Match
from edge_agent.core.media import Camera
from edge_agent.core.secret import Credential
from tests.fakes.clock import FakeClock
from tests.fakes.onvif import FakeNetwork, FakeOnvifCamera
from tests.unit.camera.test_onboarding import device, entry

RIGHT = Credential("admin", "right horse")
WRONG = Credential("admin", "wrong horse")


class Site:
    """Devices behind a fake network, searched again and again with one memory."""

    def __init__(self, **cameras: FakeOnvifCamera) -> None:
        self.cameras = {name[1:]: camera for name, camera in cameras.items()}
        self.memory, self.clock, self.known = Memory(), FakeClock(), ()
        self.entries: list[CameraEntry] = []
        self.credentials: dict[str, Credential] = {"default": RIGHT}

    def found(self) -> list[Found]:
        return [
            Found(f"urn:uuid:{n}", (f"http://10.0.0.{n}/o",), ("onvif://x",), f"10.0.0.{n}")
            for n in self.cameras
        ]

    def search(self, known: tuple[Camera, ...] = ()) -> Findings:
        return ask_and_onboard(
            self.found(),
            Discovery(),
            self.entries,
            self.credentials.get,
            known,
            self.clock,
            memory=self.memory,
            connect=FakeNetwork({f"urn:uuid:{n}": one for n, one in self.cameras.items()}),
        )

    def asked(self, name: str) -> int:
        return self.cameras[name].asked["all"]


def codes(findings: Findings) -> list[str]:
    return [trouble.code for trouble in findings.troubles]


def test_cameras_are_described_and_named() -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT), _2=FakeOnvifCamera(device(2), RIGHT))
    findings = site.search()
    assert [camera.id for camera in findings.cameras] == ["cam-000001", "cam-000002"]
    assert (codes(findings), findings.cameras[0].credential) == ([], "default")


def test_a_refused_password_is_said_and_never_offered_again() -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT))
    site.credentials = {"default": WRONG}
    for _ in range(20):
        findings = site.search()
        site.clock.pass_time(3600)
    assert site.asked("1") == 1
    assert codes(findings) == ["camera.password_refused"]
    assert "5 more attempts" in findings.troubles[0].en
    assert "horse" not in str(findings.troubles[0])


def test_another_password_is_offered() -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT))
    site.credentials = {"default": WRONG}
    site.search()
    site.credentials = {"default": RIGHT}
    assert codes(site.search()) == []


def test_a_missing_credential_is_not_a_wrong_one() -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT))
    site.credentials = {}
    assert codes(site.search()) == ["camera.no_credential"]


def test_an_open_camera_needs_no_credential() -> None:
    site = Site(_1=FakeOnvifCamera(device(1)))
    site.credentials = {}
    assert len(site.search().cameras) == 1


@pytest.mark.parametrize(("offset", "expected"), [(1.9, []), (-2.0, ["camera.clock_wrong"])])
def test_a_wrong_clock_is_a_warning_and_the_camera_is_used(
    offset: float, expected: list[str]
) -> None:
    off = Description(**{**fields(device(1)), "clock_offset": offset})
    findings = Site(_1=FakeOnvifCamera(off, RIGHT)).search()
    assert (codes(findings), len(findings.cameras)) == (expected, 1)


def fields(description: Description) -> dict[str, object]:
    return {name: getattr(description, name) for name in Description.__slots__}


def test_a_silent_camera_delays_nobody_and_is_not_asked_twice_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "DESCRIBE_WITHIN", 0.2)
    release = Event()
    silent = FakeOnvifCamera(device(1), RIGHT, silent=release)
    site = Site(_1=silent, _2=FakeOnvifCamera(device(2), RIGHT))
    site.clock = search_clock()
    for _ in range(3):
        findings = site.search()
        assert [camera.id for camera in findings.cameras] == ["cam-000002"]
        assert codes(findings) == ["camera.no_answer"]
    assert site.asked("1") == 1
    release.set()


def search_clock() -> FakeClock:
    """A clock that moves 0.1 s with every look at it, so that deadlines pass."""

    class Walking(FakeClock):
        def now(self):  # type: ignore[no-untyped-def]
            return self.pass_time(0.1)

    return Walking()


def test_a_camera_that_is_switched_off_has_a_reason_and_stays_known() -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT))
    known = site.search().cameras
    site.memory.told.clear()
    site.cameras["1"] = FakeOnvifCamera(None)
    findings = site.search(known)
    assert (findings.cameras, codes(findings)) == (known, ["camera.no_answer"])


def test_a_camera_is_not_asked_every_minute() -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT))
    for _ in range(10):
        findings = site.search()
        site.clock.pass_time(60)
    assert (site.asked("1"), len(findings.cameras)) == (2, 1)


def test_a_replaced_camera_is_remembered_by_whoever_searches() -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT))
    site.entries = [entry("gate", host="10.0.0.1")]
    known = site.search().cameras
    site.cameras = {"9": FakeOnvifCamera(device(9, "10.0.0.1"), RIGHT)}
    for _ in range(3):
        findings = site.search(known)
        known = findings.cameras
        assert codes(findings) == ["camera.replaced"]
        assert [camera.id for camera in known] == ["cam-000009"]


@pytest.mark.parametrize(
    ("match", "make_known"),
    [
        (Match(host="10.0.0.1"), False),
        (Match(epr="urn:uuid:1"), False),
        (Match(mac="28:57:be:00:00:01"), False),
        (Match(serial="SN1"), True),
    ],
    ids=["host", "epr", "the only credential of the list", "known before"],
)
def test_an_entrys_own_credential_is_offered(match: Match, make_known: bool) -> None:
    site = Site(_1=FakeOnvifCamera(device(1), RIGHT))
    site.entries = [CameraEntry(id="gate", match=match, credential="gate")]
    if not make_known:
        site.entries.append(CameraEntry(id="yard", match=Match(host="10.0.0.7"), credential="y"))
    if match.mac:
        site.entries.pop()
    site.credentials = {"gate": RIGHT, "default": WRONG}
    (camera,) = site.search().cameras
    assert (camera.id, camera.credential) == ("gate", "gate")
