"""Discovery on real sockets among devices that answer nonsense, too much, or nothing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from edge_agent.camera.discovery import discover, interfaces
from edge_agent.camera.search import Memory, find_cameras
from edge_agent.config.schema import CameraEntry, Discovery, Rtsp
from edge_agent.runtime.clock import SystemClock
from tests.unit.camera.test_replies import reply

NOWHERE = "no-such-port"


@contextmanager
def neighbour(address: str, *answers: bytes) -> Iterator[str]:
    """A UDP device at a port of its own that answers each probe with these, from another port."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ears.bind((address, 0))
        mouth.bind((address, 0))

        def talk() -> None:
            while (received := ears.recvfrom(65_535))[0] != b"stop":
                for answer in answers:
                    mouth.sendto(answer, received[1])

        thread = Thread(target=talk)
        thread.start()
        yield f"{address}:{ears.getsockname()[1]}"
        mouth.sendto(b"stop", ears.getsockname())
        thread.join()


def looking(*hosts: str) -> Discovery:
    return Discovery(interfaces=(NOWHERE,), hosts=hosts, wait="500ms")


def test_junk_and_repetition_around_a_camera_give_one_camera_each_time() -> None:
    junk = (b"", b"\x00" * 60_000, b"<not", reply(types="x:Printer", scopes=None))
    real = reply("urn:uuid:7", xaddrs="http://192.168.1.10/o http://127.0.0.81:8000/o")
    with neighbour("127.0.0.81", *junk, real, real) as host:
        passes = [discover(looking(host), SystemClock()) for _ in range(3)]
    (found,) = passes[0]
    assert (found.epr, found.source) == ("urn:uuid:7", "127.0.0.81")
    assert found.xaddrs == ("http://127.0.0.81:8000/o",)
    assert passes[1:] == [passes[0]] * 2


def test_a_flood_of_made_up_devices_ends_with_the_pass() -> None:
    flood = [reply(f"urn:uuid:{n}", xaddrs=f"http://127.0.0.82:{n}/o") for n in range(1, 400)]
    clock = SystemClock()
    with neighbour("127.0.0.82", *flood) as host:
        began = clock.now()
        found = discover(looking(host), clock)
    assert found
    assert clock.now().since(began) < 5


def test_a_host_that_accepts_and_says_nothing_costs_two_seconds_at_most() -> None:
    clock = SystemClock()
    with socket.create_server(("127.0.0.83", 0)) as mute:
        began = clock.now()
        found = discover(looking(f"127.0.0.83:{mute.getsockname()[1]}"), clock)
    assert found == ()
    assert clock.now().since(began) < 4


def test_nobody_there_is_said_with_what_to_check() -> None:
    findings = find_cameras(
        looking("127.0.0.84"), (), lambda _: None, (), SystemClock(), memory=Memory()
    )
    by_code = {trouble.code: trouble for trouble in findings.troubles}
    assert set(by_code) == {"discovery.interface_unknown", "camera.no_answer", "camera.none_found"}
    assert NOWHERE in by_code["discovery.interface_unknown"].en
    assert "127.0.0.84" in by_code["camera.no_answer"].en
    assert "discovery.hosts" in by_code["camera.none_found"].vi


def test_a_site_of_typed_cameras_alone_has_nothing_to_find() -> None:
    entries = [CameraEntry(id="gate", rtsp=Rtsp(main="rtsp://127.0.0.85:554/1"))]
    config = Discovery(enabled=False)
    findings = find_cameras(config, entries, lambda _: None, (), SystemClock(), memory=Memory())
    assert [camera.id for camera in findings.cameras] == ["gate"]
    assert findings.troubles == ()


def test_a_host_name_that_nobody_knows_is_no_crash() -> None:
    assert discover(looking("", "a..b"), SystemClock()) == ()


def test_loopback_is_looked_at_only_when_it_is_named() -> None:
    assert [interface.name for interface in interfaces(("lo",))] == ["lo"]
    assert "lo" not in {interface.name for interface in interfaces(())}
