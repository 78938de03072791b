"""WS-Discovery: which probes a virtual camera answers, and with what."""

import pytest
from lxml import etree

from edge_agent.sim.identity import Nameplate, nameplate
from edge_agent.sim.wsdiscovery import NETWORK, WSA, WSD, Announcer

XADDR = "http://127.0.0.11:8000/onvif/device_service"
PLATE = nameplate(1, "Hành lang", 7, "127.0.0.11", {})
SOAP = "http://www.w3.org/2003/05/soap-envelope"


def message(body: str, extra: str = "") -> bytes:
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}" xmlns:d="{WSD}" {extra}><s:Header>'
        f"<a:MessageID>uuid:q1</a:MessageID></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def probe(inner: str = "", extra: str = "") -> bytes:
    return message(f"<d:Probe>{inner}</d:Probe>", extra)


@pytest.mark.parametrize(
    "asked",
    [
        probe(),
        probe("<d:Types/>"),
        probe("<d:Types>x:NetworkVideoTransmitter</d:Types>", f'xmlns:x="{NETWORK}"'),
        probe("<d:Types>Device</d:Types>", 'xmlns="http://www.onvif.org/ver10/device/wsdl"'),
        probe("<d:Scopes>onvif://www.onvif.org/Profile/Streaming</d:Scopes>"),
    ],
)
def test_a_probe_for_cameras_is_answered_with_who_and_where(asked: bytes) -> None:
    said = Announcer(PLATE, XADDR).reply(asked)
    assert said is not None
    root = etree.fromstring(said)
    assert root.findtext(f".//{{{WSA}}}RelatesTo") == "uuid:q1"
    assert root.findtext(f".//{{{WSD}}}ProbeMatch/{{{WSD}}}XAddrs") == XADDR
    assert root.findtext(f".//{{{WSA}}}EndpointReference/{{{WSA}}}Address") == PLATE.epr
    assert "onvif://www.onvif.org/name/H%C3%A0nh%20lang" in str(
        root.findtext(f".//{{{WSD}}}Scopes")
    )


@pytest.mark.parametrize(
    "asked",
    [
        b"",
        b"\x00\xff junk",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        probe("<d:Types>x:Printer</d:Types>", 'xmlns:x="http://example.org"'),
        probe("<d:Types>unknown:NetworkVideoTransmitter</d:Types>"),
        probe("<d:Scopes>onvif://www.onvif.org/location/city/hue</d:Scopes>"),
        message("<d:Hello/>"),
        message("<d:Resolve><a:EndpointReference><a:Address>urn:uuid:other</a:Address>"
                "</a:EndpointReference></d:Resolve>"),
    ],
)  # fmt: skip
def test_what_is_not_for_us_or_not_readable_gets_no_answer(asked: bytes) -> None:
    assert Announcer(PLATE, XADDR).reply(asked) is None


def test_a_resolve_of_our_reference_is_answered() -> None:
    asked = message(
        f"<d:Resolve><a:EndpointReference><a:Address>{PLATE.epr}</a:Address>"
        "</a:EndpointReference></d:Resolve>"
    )
    said = Announcer(PLATE, XADDR).reply(asked)
    assert said is not None
    assert XADDR in said.decode()


def test_hello_and_bye_name_the_same_camera() -> None:
    announcer = Announcer(PLATE, XADDR)
    for said in (announcer.hello(), announcer.bye()):
        assert PLATE.epr in said.decode()


def test_a_camera_keeps_its_identity_and_sites_differ() -> None:
    def one(number: int, seed: int, base: str) -> Nameplate:
        return nameplate(number, "x", seed, base, {})

    same = one(1, 7, "127.0.0.11")
    assert (same.mac, same.serial, same.epr) == (PLATE.mac, PLATE.serial, PLATE.epr)
    others = [one(2, 7, "127.0.0.11"), one(1, 8, "127.0.0.11"), one(1, 7, "127.0.50.11")]
    assert len({plate.mac for plate in (PLATE, *others)}) == 4
    assert len({plate.epr for plate in (PLATE, *others)}) == 4
