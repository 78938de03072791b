from ipaddress import IPv4Network

import pytest

from edge_agent.camera.addresses import (
    host_and_port,
    normal_mac,
    printable,
    rank,
    service_address,
    stream_address,
)

LAN = [IPv4Network("192.168.1.0/24")]
PATH = "/onvif/device_service"


def urls(*hosts: str) -> list[str]:
    return [f"http://{host}{PATH}" for host in hosts]


@pytest.mark.parametrize(
    ("stated", "source", "expected"),
    [
        pytest.param(
            urls("169.254.4.4", "192.168.1.9", "192.168.1.20"),
            "192.168.1.20",
            urls("192.168.1.20", "192.168.1.9"),
            id="the sender first, then our subnet, link-local left out",
        ),
        pytest.param(
            ["https://192.168.1.20/o", "http://192.168.1.20/o"],
            "192.168.1.20",
            ["http://192.168.1.20/o", "https://192.168.1.20/o"],
            id="http before https",
        ),
        pytest.param(
            urls("192.168.0.10:8000"),
            "192.168.1.20",
            urls("192.168.1.20:8000"),
            id="a factory address is tried at the sender",
        ),
        pytest.param(
            ["http://[fe80::1]/o", "http://camera.local/o", "http://127.0.0.1/o"],
            "192.168.1.20",
            ["http://192.168.1.20/o"],
            id="IPv6, names and loopback are tried at the sender",
        ),
        pytest.param(
            urls("8.8.8.8"), "192.168.1.20", urls("192.168.1.20"), id="a stranger gets no packet"
        ),
        pytest.param(["ftp://192.168.1.20/", "x"], "192.168.1.20", [], id="no web address at all"),
        pytest.param(
            urls("192.168.1.20", "192.168.1.20"),
            "192.168.1.20",
            urls("192.168.1.20"),
            id="repeated once",
        ),
        pytest.param(
            ["http://admin:secret@10.0.0.9/o"],
            "192.168.1.20",
            ["http://192.168.1.20/o"],
            id="a password in an address is dropped",
        ),
    ],
)
def test_device_addresses_are_ranked(stated: list[str], source: str, expected: list[str]) -> None:
    assert list(rank(stated, source, LAN)) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("http://10.0.0.5/onvif/media", "http://10.0.0.5/onvif/media"),
        ("http://10.0.0.5:9000/onvif/media", "http://10.0.0.5:9000/onvif/media"),
        ("http://127.0.0.1/onvif/media", "http://10.0.0.5:8000/onvif/media"),
        ("http://192.168.1.10:80/onvif/media", "http://10.0.0.5:8000/onvif/media"),
        ("", "http://10.0.0.5:8000/onvif/device_service"),
        ("http://[broken", "http://10.0.0.5:8000/onvif/device_service"),
    ],
)
def test_a_service_is_asked_at_the_host_that_answered(stated: str, expected: str) -> None:
    assert service_address(stated, "http://10.0.0.5:8000/onvif/device_service") == expected


@pytest.mark.parametrize(
    ("stated", "ports", "expected"),
    [
        ("rtsp://10.0.0.5:554/main", [], "rtsp://10.0.0.5:554/main"),
        ("rtsp://10.0.0.5/main", [], "rtsp://10.0.0.5/main"),
        ("rtsp://192.168.1.10:554/main?a=1&b=2", [], "rtsp://10.0.0.5:554/main?a=1&b=2"),
        ("rtsp://admin:p%40ss@10.0.0.5/main", [], "rtsp://10.0.0.5/main"),
        ("rtsp://10.0.0.5:8000/main", [], "rtsp://10.0.0.5:554/main"),
        ("rtsp://10.0.0.5:8000/main", [8554], "rtsp://10.0.0.5:8554/main"),
        ("rtsp://10.0.0.5:8000/main", [554, 8000], "rtsp://10.0.0.5:8000/main"),
        ("rtsp://10.0.0.5/a%20b", [], "rtsp://10.0.0.5/a%20b"),
        (
            "rtsp://10.0.0.5/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp",
            [],
            "rtsp://10.0.0.5/channel=1_stream=0.sdp",
        ),
        (
            "rtsp://10.0.0.5/live?channel=1&user=admin&password=x",
            [],
            "rtsp://10.0.0.5/live?channel=1",
        ),
        ("http://10.0.0.5/snapshot.jpg", [], ""),
        ("", [], ""),
        ("rtsp://10.0.0.5:port/", [], ""),
    ],
)
def test_stream_addresses_are_repaired_and_hold_no_secret(
    stated: str, ports: list[int], expected: str
) -> None:
    assert stream_address(stated, "http://10.0.0.5:8000/onvif/device_service", ports) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4A-6B-0C-11-22-33", "4a:6b:0c:11:22:33"),
        ("28:57:be:00:00:01", "28:57:be:00:00:01"),
        ("2857.be00.0001", "28:57:be:00:00:01"),
        ("00:00:00:00:00:00", ""),
        ("ff:ff:ff:ff:ff:ff", ""),
        ("none", ""),
        ("", ""),
    ],
)
def test_macs_have_one_spelling(text: str, expected: str) -> None:
    assert normal_mac(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.5", ("10.0.0.5", 3702)),
        ("10.0.0.5:8000", ("10.0.0.5", 8000)),
        ("10.0.0.5:x", ("", 3702)),
        ("", ("", 3702)),
    ],
)
def test_hosts_may_name_a_port(text: str, expected: tuple[str, int]) -> None:
    assert host_and_port(text, 3702) == expected


def test_a_cameras_words_are_one_line_and_not_endless() -> None:
    assert printable(" gate\r\n\x1b[31mred" + "x" * 999) == "gate[31mred" + "x" * 189
