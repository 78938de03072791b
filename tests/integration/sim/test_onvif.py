"""The ONVIF service: asked with plain HTTP, and by the client of the house."""

import base64
import hashlib
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from edge_agent.camera.discovery import Found
from edge_agent.camera.onvif import SoapCamera
from edge_agent.camera.soap import RefusedError
from edge_agent.core.secret import Credential
from edge_agent.core.time import iso
from edge_agent.runtime.clock import SystemClock
from edge_agent.sim.site import VirtualSite
from edge_agent.sim.soap_envelope import DEVICE, ENVELOPE, MEDIA, SCHEMA, WSSE, WSU
from edge_agent.sim.virtual_camera import VirtualCamera

CLOCK = SystemClock()


@pytest.fixture
def camera(site: VirtualSite) -> Iterator[VirtualCamera]:
    one = site.camera("cam-1")
    yield one
    one.faults.set(clock_offset=0.0, wrong_password=False)


def token(owner: Credential, offset: float = 0.0, nonce: bytes | None = None) -> str:
    raw = nonce or secrets.token_bytes(16)
    created = iso(CLOCK.now().wall + timedelta(seconds=offset))
    made = hashlib.sha1(raw + created.encode() + owner.password.encode()).digest()
    return (
        f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}"><w:UsernameToken>'
        f"<w:Username>{owner.user}</w:Username>"
        f"<w:Password>{base64.b64encode(made).decode()}</w:Password>"
        f"<w:Nonce>{base64.b64encode(raw).decode()}</w:Nonce>"
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


def envelope(operation: str, header: str = "", namespace: str = DEVICE, inner: str = "") -> bytes:
    return (
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Header>{header}</s:Header><s:Body>'
        f'<o:{operation} xmlns:o="{namespace}">{inner}</o:{operation}></s:Body></s:Envelope>'
    ).encode()


def ask(camera: VirtualCamera, body: bytes) -> tuple[int, etree._Element]:
    request = urllib.request.Request(camera.device_url, data=body)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, etree.fromstring(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, etree.fromstring(error.read())


def subcode(root: etree._Element) -> str | None:
    return root.findtext(f".//{{{ENVELOPE}}}Subcode/{{{ENVELOPE}}}Value")


def test_the_time_is_told_to_everybody(camera: VirtualCamera) -> None:
    camera.faults.set(clock_offset=86_400.0)
    status, root = ask(camera, envelope("GetSystemDateAndTime"))
    utc = root.find(f".//{{{SCHEMA}}}UTCDateTime")
    fields = [
        int(str(utc.findtext(f".//{{{SCHEMA}}}{name}")))
        for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
    ]
    ahead = datetime(*fields, tzinfo=UTC) - CLOCK.now().wall  # type: ignore[arg-type]
    assert status == 200
    assert abs(ahead.total_seconds() - 86_400) < 5


@pytest.mark.parametrize(
    "operation",
    ["GetDeviceInformation", "GetNetworkInterfaces", "GetScopes", "GetNetworkProtocols"],
)
def test_the_rest_is_told_to_the_owner_only(
    site: VirtualSite, camera: VirtualCamera, operation: str
) -> None:
    assert ask(camera, envelope(operation, token(site.credential)))[0] == 200
    strangers = (
        "",
        token(Credential(site.credential.user, "wrong")),
        token(site.credential, offset=6.0),
        token(site.credential, offset=-6.0),
    )
    for header in strangers:
        status, root = ask(camera, envelope(operation, header))
        assert (status, subcode(root)) == (400, "ter:NotAuthorized")


def test_a_token_is_good_once(site: VirtualSite, camera: VirtualCamera) -> None:
    same = envelope("GetScopes", token(site.credential))
    assert [ask(camera, same)[0] for _ in range(2)] == [200, 400]


def test_a_camera_with_a_wrong_clock_wants_its_own_time(
    site: VirtualSite, camera: VirtualCamera
) -> None:
    camera.faults.set(clock_offset=-3600.0)
    assert ask(camera, envelope("GetScopes", token(site.credential)))[0] == 400
    assert ask(camera, envelope("GetScopes", token(site.credential, offset=-3600.0)))[0] == 200


def test_an_unknown_question_and_profile_are_faults(
    site: VirtualSite, camera: VirtualCamera
) -> None:
    _, root = ask(camera, envelope("GetDNS", token(site.credential)))
    assert subcode(root) == "ter:ActionNotSupported"
    wrong = envelope("GetStreamUri", token(site.credential), MEDIA, "<t:ProfileToken "
                     f'xmlns:t="{MEDIA}">nine</t:ProfileToken>')  # fmt: skip
    assert subcode(ask(camera, wrong)[1]) == "ter:NoProfile"


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"not xml",
        b"<a/>",
        b"\x00\xff\xfe",
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        f'<s:Envelope xmlns:s="{ENVELOPE}"/>'.encode(),
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><!-- --></s:Body></s:Envelope>'.encode(),
        envelope("GetScopes")[:-9],
        b"<a>" * 50_000,
        b" " * 300_000,
    ],
    ids=range(11),
)
def test_junk_is_answered_with_a_fault(camera: VirtualCamera, junk: bytes) -> None:
    status, root = ask(camera, junk)
    assert status == 400
    assert subcode(root) in {"ter:WellFormed", "ter:InvalidArgs"}


def found(camera: VirtualCamera) -> Found:
    return Found(camera.plate.epr, (camera.device_url,), camera.plate.scopes, camera.address)


def test_the_client_of_the_house_reads_all_that_it_needs(
    site: VirtualSite, camera: VirtualCamera
) -> None:
    camera.faults.set(clock_offset=7200.0)
    told = SoapCamera(found(camera), CLOCK).describe(site.credential)
    assert (told.identity.mac, told.identity.serial) == (camera.plate.mac, camera.plate.serial)
    assert abs(told.clock_offset - 7200) < 2
    assert [profile.url for profile in told.profiles] == [
        camera.rtsp_url("main"),
        camera.rtsp_url("sub"),
    ]
    assert [(one.width, one.height, one.codec) for one in told.profiles] == [
        (640, 360, "H264"),
        (320, 180, "H264"),
    ]


def test_the_client_of_the_house_is_refused_with_a_wrong_password(camera: VirtualCamera) -> None:
    before = camera.refused
    with pytest.raises(RefusedError):
        SoapCamera(found(camera), CLOCK).describe(Credential("operator", "wrong"))
    assert camera.refused > before
