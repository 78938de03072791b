"""The demo's own broker: Debian's mosquitto as a child on loopback, nothing kept on disk."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from edge_agent.core.trouble import Trouble

_START_SECONDS = 10.0


@contextmanager
def mosquitto(folder: Path) -> Iterator[str]:
    """A broker for the time of the block; gives its URL. Raises Trouble when it cannot start."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise Trouble(
            "demo.no_broker",
            "Không thấy chương trình mosquitto. Cài gói Debian `mosquitto` hoặc dùng --broker URL.",
            "mosquitto was not found. Install Debian's package `mosquitto` or use --broker URL.",
        )
    port = _free_port()
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        "max_packet_size 131072\n",
        encoding="utf-8",
    )
    with (folder / "mosquitto.log").open("wb") as out:
        child = subprocess.Popen(
            [program, "-c", str(settings)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        _wait_for(port, child)
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    waited = Event()
    for _ in range(int(_START_SECONDS / 0.1)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if child.poll() is not None:
            break
        waited.wait(0.1)
    raise Trouble(
        "demo.broker_failed",
        "mosquitto không khởi động được; xem mosquitto.log trong thư mục demo.",
        "mosquitto did not start; see mosquitto.log in the demo's folder.",
    )
