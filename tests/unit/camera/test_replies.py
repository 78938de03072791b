from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.camera.device_port import is_soap
from edge_agent.camera.discovery import Found, merge, probe, read_reply
from edge_agent.camera.soap import mend

SOURCE = "192.168.1.20"
HEAD = (
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof"><e:Body><d:ProbeMatches>'
)
TAIL = "</d:ProbeMatches></e:Body></e:Envelope>"
XADDR = f"http://{SOURCE}/onvif/device_service"
ONVIF_SCOPE = "onvif://www.onvif.org/name/C%E1%BB%95ng"


def reply(
    epr: str | None = "urn:uuid:1",
    types: str | None = "dn:NetworkVideoTransmitter",
    scopes: str | None = ONVIF_SCOPE,
    xaddrs: str | None = XADDR,
) -> bytes:
    parts = ["<d:ProbeMatch>"]
    if epr is not None:
        parts.append(f"<w:EndpointReference><w:Address>{epr}</w:Address></w:EndpointReference>")
    parts += [
        f"<d:{name}>{text}</d:{name}>"
        for name, text in (("Types", types), ("Scopes", scopes), ("XAddrs", xaddrs))
        if text is not None
    ]
    return (HEAD + "".join(parts) + "</d:ProbeMatch>" + TAIL).encode()


CAMERA = Found("urn:uuid:1", (XADDR,), ("onvif://www.onvif.org/name/Cổng",), SOURCE)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(reply(), (CAMERA,), id="a camera"),
        pytest.param(reply(types=None), (CAMERA,), id="without types"),
        pytest.param(reply(types="tds:Device", scopes=None), 1, id="device type, without scopes"),
        pytest.param(reply(types=None, scopes=None), 1, id="neither types nor scopes"),
        pytest.param(reply(types="x:NetworkVideoTransmitter", scopes=""), 1, id="unknown prefix"),
        pytest.param(reply(xaddrs=None), 1, id="no address: the sender's is tried"),
        pytest.param(reply(epr=None), 1, id="no endpoint reference"),
        pytest.param(reply(types="wsdp:Device", scopes=None), 0, id="a printer or a computer"),
        pytest.param(reply(types=None, scopes=None, xaddrs=None), 0, id="nothing at all"),
        pytest.param(reply(types=None, scopes=None, xaddrs="x http://[ ftp:"), 0, id="no address"),
        pytest.param((HEAD + TAIL).encode(), 0, id="empty ProbeMatches"),
        pytest.param(reply() * 2, 0, id="two documents"),
        pytest.param(b"", 0, id="no bytes"),
        pytest.param(b"\x00\xff not xml", 0, id="not XML"),
        pytest.param(b'<?xml version="1.0" encoding="none"?><a/>', 0, id="unknown encoding"),
        pytest.param(b"<a/>", 0, id="another document"),
        pytest.param(probe(None), 0, id="a probe of somebody else"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
            + reply(epr="&b;").replace(b"<?xml", b"<!--"),
            0,
            id="an entity that would read a file",
        ),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>' + reply(epr="&c;"),
            0,
            id="entities that would grow",
        ),
    ],
)
def test_replies_are_read_and_junk_is_not_listed(
    data: bytes, expected: int | tuple[Found, ...]
) -> None:
    found = read_reply(data, SOURCE)
    assert (len(found) if isinstance(expected, int) else found) == expected


def test_a_reply_without_addresses_is_tried_at_its_sender() -> None:
    assert read_reply(reply(xaddrs=" "), SOURCE)[0].xaddrs == (XADDR,)


def test_a_reply_of_several_devices_lists_each() -> None:
    two = reply().replace(TAIL.encode(), b"") + reply("urn:uuid:2").replace(HEAD.encode(), b"")
    assert [found.epr for found in read_reply(two, SOURCE)] == ["urn:uuid:1", "urn:uuid:2"]


@given(st.binary(max_size=2000))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    assert read_reply(data, SOURCE) == ()


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8))
def test_no_damaged_reply_crashes_the_reader(at: int, noise: bytes) -> None:
    whole = reply()
    merge(read_reply(whole[:at] + noise + whole[at + len(noise) :], SOURCE))


@given(st.text(max_size=50), st.lists(st.text(max_size=30), max_size=5))
def test_no_address_crashes_the_merging(epr: str, xaddrs: list[str]) -> None:
    merge([Found(epr, (*xaddrs, XADDR), (), SOURCE)])


@given(st.permutations([reply(f"urn:uuid:{n}", xaddrs=f"http://{SOURCE}:{n}/") for n in "3121"]))
def test_the_same_answers_in_any_order_give_the_same_list(replies: list[bytes]) -> None:
    found = merge(device for data in replies for device in read_reply(data, SOURCE))
    assert [device.epr for device in found] == ["urn:uuid:1", "urn:uuid:2", "urn:uuid:3"]


def test_a_device_that_answers_from_two_addresses_is_listed_once() -> None:
    lan = [IPv4Network("192.168.1.0/24")]
    answers = [
        *read_reply(reply(xaddrs="http://192.168.1.9/o"), "192.168.1.9"),
        *read_reply(reply(xaddrs="http://192.168.1.20/o"), "192.168.1.20"),
    ]
    (found,) = merge(answers, lan)
    assert found.source == "192.168.1.9"
    assert found.xaddrs == ("http://192.168.1.9/o", "http://192.168.1.20/o")


def test_probes_carry_ids_of_their_own() -> None:
    assert probe(None) != probe(None)
    assert b"NetworkVideoTransmitter" in probe(
        'xmlns:t="http://www.onvif.org/ver10/network/wsdl">t:NetworkVideoTransmitter'
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n<tds:GetSystemDateAndTimeResponse>", True),
        (b"HTTP/1.1 400 Bad\r\n\r\n<s:Envelope><s:Fault>", True),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n<html>Envelope</html>", False),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>router</html>", False),
        (b"", False),
    ],
)
def test_only_soap_is_a_device_service(answer: bytes, expected: bool) -> None:
    assert is_soap(answer) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<u>rtsp://h/?a=1&b=2</u>", b"<u>rtsp://h/?a=1&amp;b=2</u>"),
        (b"<u>a&amp;b&#38;c&lt;</u>", b"<u>a&amp;b&#38;c&lt;</u>"),
        (
            b'<e xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>',
            b'<e xmlns="http://www.w3.org/2003/05/soap-envelope"/>',
        ),
    ],
)
def test_known_mistakes_of_cameras_are_mended(body: bytes, expected: bytes) -> None:
    assert mend(body) == expected
