"""WS-Discovery on real sockets: loopback, and a private network namespace."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from edge_agent.camera.discovery import Found, probe, read_reply
from edge_agent.sim.identity import nameplate
from edge_agent.sim.site import VirtualSite
from edge_agent.sim.virtual_camera import VirtualCamera
from edge_agent.sim.wsdiscovery import GROUP, DiscoveryResponder


@contextmanager
def listening(address: str, group_port: int | None = None) -> Iterator[socket.socket]:
    """A socket at this address; with a port, in the discovery group (to hear Hello and Bye)."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(3.0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own = socket.inet_aton(address)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        if group_port is None:
            sock.bind((address, 0))
        else:
            member = socket.inet_aton(GROUP) + own
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            sock.bind((GROUP, group_port))
        yield sock


def port_of(site: VirtualSite) -> int:
    return site.ports.discovery


def answers(sock: socket.socket, count: int) -> set[Found]:
    found: set[Found] = set()
    while len(found) < count:
        data, (source, _) = sock.recvfrom(65_535)
        found |= set(read_reply(data, source))
    return found


def expected(*cameras: VirtualCamera) -> set[Found]:
    return {Found(one.plate.epr, (one.device_url,), _unquoted(one), one.address) for one in cameras}


def _unquoted(camera: VirtualCamera) -> tuple[str, ...]:
    name = f"onvif://www.onvif.org/name/{camera.plate.name}"
    return tuple(name if "/name/" in scope else scope for scope in camera.plate.scopes)


def test_a_multicast_probe_on_loopback_is_answered_by_every_camera(site: VirtualSite) -> None:
    with listening("127.0.0.1") as sock:
        sock.sendto(probe(None), (GROUP, port_of(site)))
        assert answers(sock, 2) == expected(*site.cameras)


def test_a_unicast_probe_is_answered_by_its_camera_alone(site: VirtualSite) -> None:
    camera = site.cameras[1]
    with listening("127.0.0.1") as sock:
        sock.sendto(probe(None), (camera.address, port_of(site)))
        assert answers(sock, 1) == expected(camera)


def test_junk_is_ignored_and_the_next_probe_answered(site: VirtualSite) -> None:
    camera = site.cameras[0]
    with listening("127.0.0.1") as sock:
        for data in (b"", b"junk", b"<a/>", os.urandom(2000)):
            sock.sendto(data, (camera.address, port_of(site)))
        sock.sendto(probe(None), (camera.address, port_of(site)))
        assert answers(sock, 1) == expected(camera)


def test_a_camera_says_hello_and_bye() -> None:
    plate = nameplate(1, "x", 5, "127.0.50.77", {})
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe_port:
        probe_port.bind(("127.0.50.77", 0))
        port = probe_port.getsockname()[1]
    with listening("127.0.0.1", port) as ear:
        responder = DiscoveryResponder(plate, "127.0.50.77", port)
        responder.open("http://127.0.50.77:1/onvif/device_service")
        hello = ear.recv(65_535)
        responder.close()
        bye = ear.recv(65_535)
    assert b"/discovery/Hello<" in hello
    assert b"/discovery/Bye<" in bye
    assert plate.epr.encode() in hello
    assert plate.epr.encode() in bye


CAMERA_HOST = """
import subprocess, sys
print("born", flush=True)
sys.stdin.readline()
for line in ("link set lo up", "addr add 10.9.0.2/24 dev camera0", "link set camera0 up"):
    subprocess.run(["ip", *line.split()], check=True)
from edge_agent.sim.identity import nameplate
from edge_agent.sim.wsdiscovery import DiscoveryResponder
responder = DiscoveryResponder(nameplate(1, "x", 5, "10.9.0.2", {}), "10.9.0.2")
responder.open("http://10.9.0.2:8000/onvif/device_service")
print("up", flush=True)
sys.stdin.readline()
responder.close()
"""
HOUSE = """
import subprocess, sys
camera = subprocess.Popen(["unshare", "-n", sys.executable, "-c", sys.argv[1]],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
with camera:
    camera.stdout.readline()
    for line in ("link set lo up", "link add house0 type veth peer name camera0",
                 f"link set camera0 netns {camera.pid}", "addr add 10.9.0.1/24 dev house0",
                 "link set house0 up"):
        subprocess.run(["ip", *line.split()], check=True)
    print("", file=camera.stdin, flush=True)
    camera.stdout.readline()
    from edge_agent.camera.discovery import discover
    from edge_agent.config.schema import Discovery
    from edge_agent.runtime.clock import SystemClock
    found = discover(Discovery(interfaces=("house0",), wait="2s"), SystemClock())
    print([(one.source, one.xaddrs) for one in found])
    print("", file=camera.stdin, flush=True)
"""


def test_the_house_finds_a_camera_by_multicast_on_a_network_of_its_own() -> None:
    """Two hosts, each a private network namespace, and a cable between them."""
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    command = [*unshare, sys.executable, "-c", HOUSE, CAMERA_HOST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = "[('10.9.0.2', ('http://10.9.0.2:8000/onvif/device_service',))]"
    assert (done.stdout.strip(), done.returncode) == (said, 0), done.stderr
