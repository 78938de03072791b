"""What systemd hears, on a real datagram socket."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from edge_agent.runtime import logs, notify


class Systemd:
    """The receiving end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(5)

    def hears(self) -> str:
        return self.socket.recv(4096).decode()

    def hears_nothing_for(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(4096)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(5)
        return False


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    path = tmp_path / "notify"
    monkeypatch.setattr(notify, "_systemd", notify._Systemd())
    notify.connect(str(path))
    end = Systemd(path)
    yield end
    end.socket.close()


def test_ready_status_and_stopping_arrive(systemd: Systemd) -> None:
    notify.ready("3 camera")
    assert systemd.hears() == "READY=1\nSTATUS=3 camera"
    notify.status("đang ghi\nhình")
    assert systemd.hears() == "STATUS=đang ghi hình"
    notify.stopping()
    assert systemd.hears() == "STOPPING=1"


def test_a_status_holds_no_secret(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_SECRETS", [])
    logs.hide(["Quan-Su-2021"])
    notify.status("rtsp://u:x@h Quan-Su-2021")
    assert systemd.hears() == "STATUS=rtsp://***@h ***"


def test_the_watchdog_beats_while_nobody_is_late_and_not_otherwise(systemd: Systemd) -> None:
    late: list[str] = []
    with capture_logs() as lines, notify.watchdog(Event(), 0.15, lambda: late):
        assert systemd.hears() == "WATCHDOG=1"
        assert systemd.hears() == "WATCHDOG=1"
        late.append("camera/c1")
        systemd.hears_nothing_for(0.06)
        assert systemd.hears_nothing_for(0.3)
        late.clear()
        assert systemd.hears() == "WATCHDOG=1"
    assert [line["late"] for line in lines if line["event"] == "watchdog.withheld"] == [
        ("camera/c1",)
    ]
    systemd.hears_nothing_for(0.06)
    assert systemd.hears_nothing_for(0.2)


def test_while_stopping_in_order_the_watchdog_beats_on(systemd: Systemd) -> None:
    stop = Event()
    stop.set()
    with notify.watchdog(stop, 0.15, lambda: ["link"]):
        assert systemd.hears() == "WATCHDOG=1"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "_systemd", notify._Systemd())
    with capture_logs() as lines, notify.watchdog(Event(), None):
        notify.ready()
        notify.stopping()
    assert lines == []


def test_an_abstract_address_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(notify, "_systemd", notify._Systemd())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"\0{tmp_path}")
        end.settimeout(5)
        notify.connect(f"@{tmp_path}")
        notify.ready()
        assert end.recv(100) == b"READY=1"


def test_a_systemd_that_does_not_listen_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(notify, "_systemd", notify._Systemd())
    notify.connect(str(tmp_path / "nobody"))
    with capture_logs() as lines:
        notify.ready()
    assert [line["event"] for line in lines] == ["notify.failed"]
