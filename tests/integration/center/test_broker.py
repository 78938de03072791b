"""The shipped broker settings against everybody who might come, tested on what is delivered."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from edge_agent.center.authority.home import Home
from edge_agent.center.authority.keeper import Authority
from edge_agent.center.authority.signing import certificate
from edge_agent.center.expulsion import expel_revoked
from edge_agent.config.schema import Mqtt
from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol import keys
from edge_agent.link.mqtt import MqttLink
from edge_agent.link.publisher import Outcome
from tests.integration.broker import until
from tests.integration.center.conftest import NOW
from tests.integration.center.shipped import (
    Ear,
    ShippedBroker,
    broker_folder,
    connected,
    issued,
)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that the broker's unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def authority(place: Path) -> Iterator[Authority]:
    home = broker_folder(place)
    made = Authority.create(home, "Trung tâm thử", ("127.0.0.1",), NOW)
    yield made
    made.close()


@pytest.fixture(scope="module")
def broker(place: Path, authority: Authority) -> Iterator[ShippedBroker]:
    running = ShippedBroker(place, authority.home).start()
    yield running
    running.stop()


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Everybody:
    """Sites and the center at this broker; all leave at the end of a test."""

    def __init__(
        self, broker: ShippedBroker, authority: Authority, folder: Path, cleanup: ExitStack
    ) -> None:
        self.broker, self.authority = broker, authority
        self.folder, self.cleanup = folder, cleanup

    def settings(self, who: str) -> Mqtt:
        if who == ".center":
            return self.broker.as_center()
        path = self.folder / f"{who}.pem"
        if not path.exists():
            issued(self.authority, self.folder, who)
        return self.broker.as_site(path)

    def link(self, who: str, client_id: str = "") -> MqttLink:
        link = connected(self.settings(who), client_id or f"qcam-{who}")
        self.cleanup.callback(link.close)
        return link

    def ear(self, who: str, *topics: str) -> Ear:
        ear = Ear(self.settings(who), *topics)
        self.cleanup.callback(ear.end)
        return ear

    def say(self, who: MqttLink, topic: str) -> Outcome:
        return who.publish(topic, b"{}").result(10).outcome


@pytest.fixture
def all_(
    broker: ShippedBroker, authority: Authority, tmp_path: Path, cleanup: ExitStack
) -> Everybody:
    return Everybody(broker, authority, tmp_path, cleanup)


def refused(settings: Mqtt) -> Trouble:
    with pytest.raises(Trouble) as caught:
        connected(settings, "qcam-khu-a")
    return caught.value


def test_a_site_writes_its_own_topics_and_no_other(all_: Everybody) -> None:
    center = all_.ear(".center", "qcam/v1/#")
    site = all_.link("khu-a")
    own = ("event/alarm", "event/bulk", "image/e1", "state", "birth", "camera/c/state", "reply/1")
    for topic in own:
        all_.say(site, f"qcam/v1/site/khu-a/{topic}")
    for topic in (
        "qcam/v1/site/khu-b/event/alarm",
        "qcam/v1/site/khu-a2/state",
        "qcam/v1/site/state",
        "qcam/v1/center/khu-a/ack",
        "qcam/v1/center/khu-a/command/1",
        "qcam/v1/center/state",
        "khu-a",
    ):
        assert all_.say(site, topic) is Outcome.REFUSED, topic
    all_.say(site, "qcam/v1/site/khu-a/event/state")
    until(lambda: len(center.got) >= len(own) + 1)
    assert center.topics() == {f"qcam/v1/site/khu-a/{one}" for one in (*own, "event/state")}


def test_a_site_hears_its_own_acks_and_commands_and_no_other_s(all_: Everybody) -> None:
    site = all_.ear("khu-a", "#", "qcam/v1/site/khu-b/#", "qcam/v1/center/+/ack")
    other, center = all_.link("khu-b"), all_.link(".center")
    all_.say(other, "qcam/v1/site/khu-b/event/alarm")
    for topic in ("khu-b/ack", "khu-b/command/1", "khu-a/ack", "khu-a/command/1", "state"):
        all_.say(center, f"qcam/v1/center/{topic}")
    until(lambda: "qcam/v1/center/state" in site.topics())
    assert site.topics() == {
        "qcam/v1/center/khu-a/ack",
        "qcam/v1/center/khu-a/command/1",
        "qcam/v1/center/state",
    }


def test_strangers_are_refused_in_words(
    all_: Everybody, authority: Authority, broker: ShippedBroker, tmp_path: Path
) -> None:
    own = Authority.create(Home(tmp_path / "other"), "x", ("127.0.0.1",), NOW)
    foreign = issued(own, tmp_path, "khu-a")
    own.close()
    key, long_ago = keys.new_key(), NOW - timedelta(days=600)
    old = certificate(authority._signer, key.public_key(), "khu-a", "site", (), long_ago)
    expired = tmp_path / "expired.pem"
    expired.write_bytes(keys.key_pem(key) + old.pem.encode())
    for identity, word in (
        (None, "we showed none"),
        (foreign, "another authority"),
        (expired, "expired"),
        (authority.home.https, "another purpose"),
    ):
        trouble = refused(broker.as_site(identity))
        assert trouble.code == "link.certificate_refused", trouble.en
        assert word in trouble.en
    other_ca = refused(broker.as_site(foreign, own.home.certificate))
    assert other_ca.code == "link.untrusted"


def test_nobody_takes_a_site_s_connection_with_another_certificate(all_: Everybody) -> None:
    """Whatever client id is asked for, the broker uses the name of the certificate."""
    site = all_.link("khu-a", "qcam-khu-a")
    for name in ("khu-a", "qcam-khu-a", ".center"):
        thief = all_.link("khu-b", name)
        assert all_.say(thief, "qcam/v1/site/khu-b/state") is not Outcome.REFUSED
        assert all_.say(thief, "qcam/v1/site/khu-a/state") is Outcome.REFUSED
        thief.close()
    assert site.connected
    assert all_.say(site, "qcam/v1/site/khu-a/state") is not Outcome.REFUSED
    assert "as qcam-khu-a" not in all_.broker.said(), "the client id is the site's id"
    assert "as khu-a " in all_.broker.said()


def test_several_processes_of_the_center_share_one_certificate_and_the_work(
    all_: Everybody,
) -> None:
    shared = "$share/qcam/qcam/v1/site/+/event/+"
    first, second = all_.ear(".center", shared), all_.ear(".center", shared)
    site = all_.link("khu-a")
    for number in range(20):
        site.publish("qcam/v1/site/khu-a/event/bulk", json.dumps(number).encode()).result(10)
    until(lambda: len(first.got) + len(second.got) == 20)
    assert first.got
    assert second.got


def test_a_packet_that_is_too_large_ends_its_sender_s_connection_and_nobody_else_s(
    all_: Everybody,
) -> None:
    site, other = all_.link("khu-a"), all_.link("khu-b")
    center = all_.ear(".center", "qcam/v1/site/#")
    announced = site._largest
    assert announced == 131072
    site._largest = 0  # as somebody would who does not listen to the broker
    site.publish("qcam/v1/site/khu-a/event/bulk", b"x" * 10_000_000)
    until(lambda: not site.connected)
    assert other.connected
    all_.say(other, "qcam/v1/site/khu-b/event/alarm")
    until(lambda: "qcam/v1/site/khu-b/event/alarm" in center.topics())
    assert not [one for one in center.got if "khu-a" in one.topic]


def test_a_revoked_site_is_out_at_once_and_the_others_notice_nothing(
    all_: Everybody, authority: Authority, broker: ShippedBroker
) -> None:
    stolen, other = all_.link("khu-s"), all_.link("khu-a")
    authority.revoke("khu-s", NOW, "Đ/c Lan", "máy bị mất")
    broker.reload()
    assert stolen.connected, "mosquitto asks for the list only when somebody connects"
    failed: list[Trouble] = []
    revoked = authority.revoked_since(NOW)
    assert expel_revoked(broker.as_center(), revoked, failed.append) == ("khu-s",)
    until(lambda: not stolen.connected)
    trouble = refused(all_.settings("khu-s"))
    assert (trouble.code, failed) == ("link.certificate_refused", [])
    assert "revoked" in trouble.en
    assert other.connected
    assert all_.say(other, "qcam/v1/site/khu-a/state") is not Outcome.REFUSED


def test_a_renewed_broker_certificate_is_taken_on_sighup_without_hanging_up(
    all_: Everybody, authority: Authority, broker: ShippedBroker
) -> None:
    site = all_.link("khu-a")
    authority.renew_own(NOW, ("127.0.0.1", "renewed.example"))
    broker.reload()
    assert site.connected
    link = MqttLink(all_.settings("khu-b"), "b", None)
    link.connect(Event())
    tls = link._client.socket()
    assert tls is not None
    shown = tls.getpeercert()["subjectAltName"]  # type: ignore[union-attr]
    link.close()
    assert ("DNS", "renewed.example") in shown


def test_the_broker_finds_nothing_to_complain_of_in_its_files(broker: ShippedBroker) -> None:
    complaints = [
        line for line in broker.said().splitlines() if "Error" in line and "OpenSSL" not in line
    ]
    assert complaints == []
    warnings = {line.split(": ", 1)[1] for line in broker.said().splitlines() if "Warning" in line}
    expected = "Warning: ACL pattern 'qcam/v1/center/state' does not contain '%c' or '%u'."
    assert warnings <= {expected}  # what every site may read has no name in it, and is meant so
