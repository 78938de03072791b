"""Is there an ONVIF device service behind this address? One anonymous question a port."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from edge_agent.camera.addresses import DEVICE_PATH
from edge_agent.runtime.clock import Clock

PORTS = (80, 8000, 8080, 8899, 2020)  # common, Hikvision OEM, XM, Tapo
_DISCOVERY_PORT = 3702
_WITHIN = 1.5  # seconds for one port, connecting and answering together
_AT_ONCE = 16  # connections; a site's uplink and old switches are spared
_MAX_ANSWER = 65_536
_QUESTION = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>'
    '<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>'
    "</e:Body></e:Envelope>"
)


def answers_onvif(hosts: Sequence[tuple[str, int]], clock: Clock) -> tuple[str, ...]:
    """Device service addresses of those hosts that have one, at most one a host.

    A port that the configuration names is asked first, then the usual ones.
    """
    asked = [
        (host, port)
        for host, named in hosts
        for port in dict.fromkeys((*((named,) if named != _DISCOVERY_PORT else ()), *PORTS))
    ]
    if not asked:
        return ()
    with ThreadPoolExecutor(_AT_ONCE, "device-port") as pool:
        said = list(pool.map(lambda place: _speaks_onvif(place[0], place[1], clock), asked))
    first: dict[str, int] = {}
    for (host, port), yes in zip(asked, said, strict=True):
        if yes:
            first.setdefault(host, port)
    return tuple(f"http://{host}:{port}{DEVICE_PATH}" for host, port in first.items())


def _speaks_onvif(host: str, port: int, clock: Clock) -> bool:
    began, answer = clock.now(), b""
    try:
        with socket.create_connection((host, port), _WITHIN) as sock:
            sock.sendall(_request(host, port))
            while len(answer) < _MAX_ANSWER and not is_soap(answer):
                left = _WITHIN - clock.now().since(began)
                if left <= 0:
                    break
                sock.settimeout(left)
                chunk = sock.recv(8192)
                if not chunk:
                    break
                answer += chunk
    except OSError:
        return False  # refused, unreachable, reset or silent: no service here
    return is_soap(answer)


def _request(host: str, port: int) -> bytes:
    head = (
        f"POST {DEVICE_PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
        f"Content-Type: application/soap+xml; charset=utf-8\r\n"
        f"Content-Length: {len(_QUESTION)}\r\n\r\n"
    )
    return (head + _QUESTION).encode()


def is_soap(answer: bytes) -> bool:
    """An answer that only a SOAP device service gives: the time, or a SOAP fault."""
    if b"GetSystemDateAndTimeResponse" in answer:
        return True
    return b"Envelope" in answer and b"Fault" in answer
