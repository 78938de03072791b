"""Listening to a broker as an outsider: what demos and tests look at a site with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from edge_agent.config.schema import BrokerLine
from edge_agent.core.secret import Credential
from edge_agent.link.mqtt import MqttLink
from edge_agent.link.publisher import Received

_LOOK_SECONDS = 0.2


def watch(
    url: str,
    topics: Sequence[str],
    credential: Credential | None,
    on_message: Callable[[Received], None],
    stop: threading.Event,
    *,
    settings: BrokerLine | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Subscribe (QoS 1) and hand over what comes, in this thread, until `stop`. Raises Trouble.

    `settings` carries the PEM files for mqtts; `ready` is called once every topic is granted.
    """
    settings = (settings or BrokerLine()).model_copy(update={"url": url})
    inbox: SimpleQueue[Received] = SimpleQueue()
    line = MqttLink(settings, "", credential, on_message=inbox.put)
    try:
        line.connect(stop)
        if not stop.is_set():
            line.subscribe(topics, stop)
            ready()
        while not stop.is_set():
            try:
                on_message(inbox.get(timeout=_LOOK_SECONDS))
            except Empty:
                if not line.connected:
                    raise line.trouble() from None
    finally:
        line.close()
