"""How a command becomes a program of the site: configuration, logs, signals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from edge_agent.config.environment import notify_socket
from edge_agent.config.loader import load
from edge_agent.config.schema import Config
from edge_agent.config.secrets import Credentials, read_credentials
from edge_agent.runtime import logs, notify
from edge_agent.runtime.memory import settle
from edge_agent.runtime.supervisor import stop_on_signals


def started(path: Path) -> tuple[Config, Credentials]:
    """The site's configuration and passwords, with logs set up as it says.

    Raises Trouble `config.*` and `credentials.*`.
    """
    notify.connect(notify_socket())
    settle()
    config = load(path)
    logs.configure(config.log.format, config.log.level)
    logs.guard()
    credentials = read_credentials(config.credentials, logs.hide)
    for warning in credentials.warnings:
        logs.log.warning("credentials.warning", code=warning.code, vi=warning.vi, en=warning.en)
    return config, credentials


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that is set once this program is asked to end."""
    stop = Event()
    with stop_on_signals(stop):
        yield stop
