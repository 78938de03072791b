"""Who is let in, and what is said when not: passwords, TLS, strangers on the port, the will."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.config.schema import Mqtt
from edge_agent.core.secret import Credential
from edge_agent.core.trouble import Trouble
from edge_agent.link.mqtt import MqttLink
from edge_agent.link.watch import watch
from tests.fakes.clock import FakeClock
from tests.integration.broker import Broker, free_port, until
from tests.integration.link.conftest import TOPICS, Center, Site
from tests.integration.outbox import waiting

MakeBroker = Callable[..., Broker]
MakeCenter = Callable[..., Center]
MakeSite = Callable[..., Site]


def refusal(url: str, credential: Credential | None = None, **files: Path | None) -> Trouble:
    with pytest.raises(Trouble) as caught:
        connect(Mqtt(url=url, **files), credential)
    return caught.value


def connect(settings: Mqtt, credential: Credential | None) -> None:
    link = MqttLink(settings, "qcam-khu-a", credential)
    try:
        link.connect(threading.Event())
    finally:
        link.close()


def test_a_wrong_password_is_said_in_words_and_not_repeated(make_broker: MakeBroker) -> None:
    broker = make_broker(users=(("khu-a", "right"),))
    trouble = refusal(broker.url, Credential("khu-a", "wr0ng-one"))
    assert trouble.code == "link.password_refused"
    assert "khu-a" in str(trouble)
    assert "credentials" in trouble.en
    assert "wr0ng-one" not in str(trouble)


def hang_up(door: socket.socket) -> None:
    door.accept()[0].close()


def test_nobody_at_the_door_and_a_door_without_mqtt_are_told_apart() -> None:
    assert refusal(f"mqtt://127.0.0.1:{free_port()}").code == "link.unreachable"
    with socket.create_server(("127.0.0.1", 0)) as door:
        hangs_up = threading.Thread(target=hang_up, args=(door,))
        hangs_up.start()
        assert refusal(f"mqtt://127.0.0.1:{door.getsockname()[1]}").code == "link.no_answer"
        hangs_up.join()


def test_a_stop_during_the_wait_for_an_answer_ends_it() -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:
        link = MqttLink(Mqtt(url=f"mqtt://127.0.0.1:{door.getsockname()[1]}"), "a", None)
        waiting = threading.Thread(target=link.connect, args=(stop,))
        waiting.start()
        stop.set()
        waiting.join(5)
        assert not waiting.is_alive()
        assert not link.connected
        link.close()


def test_a_broker_is_trusted_only_with_the_right_authority(
    tmp_path: Path, make_broker: MakeBroker, make_center: MakeCenter, make_site: MakeSite
) -> None:
    ours, theirs = authority(tmp_path / "ours"), authority(tmp_path / "theirs")
    broker = make_broker(tls=certificate(tmp_path / "ours"))
    trusting = Mqtt(url=broker.url, ca=ours, ack="broker")
    site = make_site(broker.url, settings=trusting).start()
    center = make_center(broker.url, settings=trusting)
    site.make(1)
    until(lambda: waiting(site.journal) == 0)
    until(lambda: any("/event/" in m.topic for m in center.got))
    assert refusal(broker.url, ca=theirs).code == "link.untrusted"
    elsewhere = broker.url.replace("127.0.0.1", "localhost")
    assert refusal(elsewhere, ca=ours).code == "link.untrusted", "the name must match too"
    assert refusal(broker.url, ca=tmp_path / "missing.pem").code == "link.files"


def test_tls_to_a_port_that_speaks_none_is_said(make_broker: MakeBroker) -> None:
    broker = make_broker()
    code = refusal(broker.url.replace("mqtt:", "mqtts:")).code
    assert code in {"link.tls_failed", "link.unreachable"}


def test_a_second_site_of_the_same_name_is_named_as_the_cause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:  # Debian's mosquitto closes wordlessly
        takes_over = threading.Thread(target=admit_then_take_over, args=(door,))
        takes_over.start()
        url = f"mqtt://127.0.0.1:{door.getsockname()[1]}"
        link = MqttLink(Mqtt(url=url), "qcam-khu-a", None)
        link.connect(threading.Event())
        until(lambda: not link.connected)
        takes_over.join()
    assert link.trouble().code == "link.taken_over"
    assert "qcam-khu-a" in link.trouble().vi
    link.close()


def admit_then_take_over(door: socket.socket) -> None:
    line, _address = door.accept()
    with line:
        line.recv(1024)
        line.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK: success
        line.sendall(b"\xe0\x02\x8e\x00")  # DISCONNECT: session taken over
        line.recv(1024)


def test_a_clock_in_the_past_stops_before_tls_and_goes_on_once_it_is_set(
    tmp_path: Path, make_broker: MakeBroker, make_site: MakeSite
) -> None:
    ours = authority(tmp_path / "ours")
    broker = make_broker(tls=certificate(tmp_path / "ours"))
    clock = FakeClock(datetime(2000, 1, 1, tzinfo=UTC))
    settings = Mqtt(url=broker.url, ca=ours, ack="broker")
    site = make_site(broker.url, settings=settings, clock=clock)
    with pytest.raises(Trouble) as caught:
        site.link.run_once(threading.Event())
    assert caught.value.code == "link.clock_behind"
    site.start()
    clock.step_wall((datetime.now(UTC) - clock.now().wall).total_seconds())
    until(lambda: site.link.connected, what="NTP has set the clock")


def test_a_lost_broker_ends_the_watch(make_broker: MakeBroker) -> None:
    broker = make_broker()
    ready, troubles = threading.Event(), []

    def watching() -> None:
        try:
            watch(broker.url, ["#"], None, print, threading.Event(), ready=ready.set)
        except Trouble as trouble:
            troubles.append(trouble.code)

    thread = threading.Thread(target=watching)
    thread.start()
    until(ready.is_set)
    broker.kill()
    thread.join(10)
    assert troubles == ["link.lost"]


AGENT = """
import sys, threading
from pathlib import Path
from edge_agent.config.schema import Mqtt
from edge_agent.link.session import Link
from edge_agent.store.journal import Journal
url, database = sys.argv[1:]
link = Link(Mqtt(url=url), "khu-a", None, Journal(Path(database)), dict, tuple)
link.run_once(threading.Event())
"""


def test_the_will_speaks_for_an_agent_that_was_killed_and_names_its_connection(
    tmp_path: Path, make_broker: MakeBroker, make_center: MakeCenter
) -> None:
    broker = make_broker()
    center = make_center(broker.url)
    states = lambda: [json.loads(m.payload) for m in center.got if m.topic == TOPICS.state]  # noqa: E731
    for number in (1, 2):
        agent = subprocess.Popen(
            [sys.executable, "-c", AGENT, broker.url, str(tmp_path / "events.db")],
            stdout=subprocess.DEVNULL,
        )
        until(lambda n=number: len(states()) == 2 * n - 1, what="online")
        agent.send_signal(signal.SIGKILL)
        agent.wait(10)
        until(lambda n=number: len(states()) == 2 * n, what="the will")
    said = [(state["state"], state["conn"]) for state in states()]
    assert said == [("online", 1), ("offline", 1), ("online", 2), ("offline", 2)]
    assert len({state["epoch"] for state in states()}) == 1


def authority(folder: Path) -> Path:
    folder.mkdir()
    openssl("req", "-x509", *KEY, "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
            "-subj", "/CN=test authority", "-days", "2")  # fmt: skip
    return folder / "ca.pem"


def certificate(folder: Path) -> tuple[Path, Path]:
    key, cert, names = folder / "broker.key", folder / "broker.pem", folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-new", *KEY, "-keyout", key, "-out", folder / "csr", "-subj", "/CN=broker")
    openssl("x509", "-req", "-in", folder / "csr", "-CA", folder / "ca.pem", "-CAkey",
            folder / "ca.key", "-CAcreateserial", "-out", cert, "-days", "2",
            "-extfile", names)  # fmt: skip
    return cert, key


KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
