"""What the environment says, and what children are told of it."""

import os
from pathlib import Path

import pytest

from edge_agent.config import environment


def test_systemd_says_where_the_credentials_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert environment.credentials_directory() is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    assert environment.credentials_directory() == Path("/run/credentials/x")


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [
        ("60000000", "", 60.0),
        ("60000000", "ours", 60.0),
        ("60000000", "1", None),
        ("0", "", None),
        ("", "", None),
        ("soon", "", None),
    ],
)
def test_the_watchdog_is_for_the_process_that_systemd_means(
    monkeypatch: pytest.MonkeyPatch, microseconds: str, pid: str, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "ours" else pid)
    assert environment.watchdog_interval() == seconds


def test_a_child_hears_nothing_of_what_systemd_told_us(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY", "KEPT"):
        monkeypatch.setenv(name, "x")
    assert {"KEPT", "CREDENTIALS_DIRECTORY"} <= set(environment.for_child())
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & set(environment.for_child())
    assert "CREDENTIALS_DIRECTORY" not in environment.for_child(keep_credentials=False)


def test_proxies_are_away_for_a_moment_and_back_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail_without_proxy() -> None:
        with environment.without_proxies():
            assert "HTTP_PROXY" not in os.environ
            raise KeyError

    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    with pytest.raises(KeyError):
        fail_without_proxy()
    assert os.environ["HTTP_PROXY"] == "http://proxy.example:3128"
