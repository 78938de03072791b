"""The RTSP server, read by FFmpeg and by hand."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from urllib.parse import urlsplit

import av
import av.error
import pytest

from edge_agent.core.geometry import Size
from edge_agent.core.secret import Credential
from edge_agent.sim.site import VirtualSite
from tests.integration.sim.conftest import FORM
from tests.integration.sim.watching import url_of, watch

TICK = 90_000 // FORM.fps


def exchange(site: VirtualSite, *requests: bytes) -> bytes:
    """What the first camera answers to these bytes until it closes or falls silent."""
    parts = urlsplit(site.cameras[0].rtsp_url())
    answer = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=2.0) as line:
        for request in requests:
            line.sendall(request)
            answer += line.recv(65_536)
    return answer


def test_the_stream_goes_on_across_the_end_of_the_loop(site: VirtualSite) -> None:
    loop = FORM.frames
    url = url_of(site.cameras[0], site.credential)
    packets = watch(url, loop + 5)
    stamps = [packet.pts for packet in packets[1:] if packet.pts is not None]
    assert len(stamps) == loop + 4
    assert {later - sooner for sooner, later in pairwise(stamps)} == {TICK}
    assert [packet.is_keyframe for packet in packets[:11]] == [True] + [False] * 9 + [True]


def test_everybody_sees_the_same_live_position(site: VirtualSite) -> None:
    url = url_of(site.cameras[0], site.credential, "sub")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: [bytes(one) for one in watch(url, 25)], range(2))
    later = first[-1] if first[-1] in second else second[-1]
    one, other = first[: first.index(later) + 1], second[: second.index(later) + 1]
    shared = min(len(one), len(other))
    assert shared >= 10
    assert one[-shared:] == other[-shared:]


@pytest.mark.parametrize(("stream", "size"), [("main", FORM.main), ("sub", FORM.sub)])
def test_both_streams_decode_at_their_size(site: VirtualSite, stream: str, size: Size) -> None:
    for camera in site.cameras:
        options = {"rtsp_transport": "tcp", "analyzeduration": "500000"}
        url = url_of(camera, site.credential, stream)
        with av.open(url, options=options, timeout=(5, 5)) as container:
            frame = next(container.decode(video=0))
        assert Size(frame.width, frame.height) == size


@pytest.mark.parametrize("login", [Credential("operator", "wrong"), Credential("admin", "wrong")])
def test_a_wrong_password_is_unauthorized(site: VirtualSite, login: Credential) -> None:
    with pytest.raises(av.error.HTTPUnauthorizedError):
        watch(url_of(site.cameras[0], login), 1)


def test_udp_is_refused_with_461(site: VirtualSite) -> None:
    with pytest.raises(av.error.FFmpegError):
        watch(url_of(site.cameras[0], site.credential), 1, transport="udp")


def test_an_unknown_stream_is_not_found(site: VirtualSite) -> None:
    with pytest.raises(av.error.HTTPNotFoundError):
        watch(url_of(site.cameras[0], site.credential, "third"), 1)


def test_options_are_free_and_everything_else_asks_for_a_digest(site: VirtualSite) -> None:
    free = exchange(site, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
    asked = exchange(site, b"DESCRIBE rtsp://h/main RTSP/1.0\r\nCSeq: 2\r\n\r\n")
    unknown = exchange(site, b"RECORD rtsp://h/main RTSP/1.0\r\nCSeq: 3\r\n\r\n")
    assert free.startswith(b"RTSP/1.0 200 OK")
    assert asked.startswith(b"RTSP/1.0 401")
    assert b'WWW-Authenticate: Digest realm="' in asked
    assert unknown.startswith(b"RTSP/1.0 501")


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nContent-Length: -5\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n",
        b"A" * 100_000,
    ],
)
def test_junk_ends_its_own_connection_and_nobody_elses(site: VirtualSite, junk: bytes) -> None:
    with suppress(ConnectionError):  # closed while we were still talking
        assert exchange(site, junk) == b""
    assert exchange(site, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").startswith(b"RTSP/1.0 200")
