"""A real mosquitto on a free loopback port, as a child: started, killed with -9, started again."""

import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/sbin:/bin") or "mosquitto"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(condition: Callable[[], bool], seconds: float = 15.0, what: str = "") -> None:
    """Wait for a condition, with a deadline; the wait between two looks is not a sleep."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError(f"did not come within {seconds} s: {what or condition}")


@dataclass
class Broker:
    """`settings` are further lines of mosquitto.conf; `users` maps names to passwords."""

    folder: Path
    settings: tuple[str, ...] = ()
    users: tuple[tuple[str, str], ...] = ()
    acl: str = ""
    tls: tuple[Path, Path] | None = None  # certificate, key
    port: int = 0
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}"

    def start(self) -> "Broker":
        self.port = self.port or free_port()
        conf = self.folder / "mosquitto.conf"
        conf.write_text("\n".join(self._lines()) + "\n")
        self.child = subprocess.Popen(
            [MOSQUITTO, "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._listens, what="mosquitto")
        return self

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self.child:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait(10)
            self.child = None

    def _listens(self) -> bool:
        assert self.child is not None
        assert self.child.poll() is None, "mosquitto did not start"
        return listens(self.port)

    def _lines(self) -> list[str]:
        lines = ["user root", f"listener {self.port} 127.0.0.1", "persistence false"]
        lines += [f"allow_anonymous {'false' if self.users else 'true'}", "set_tcp_nodelay true"]
        if self.users:
            lines.append(f"password_file {self._passwords()}")
        if self.acl:
            path = self.folder / "acl"
            path.write_text(self.acl)
            lines.append(f"acl_file {path}")
        if self.tls:
            lines += [f"certfile {self.tls[0]}", f"keyfile {self.tls[1]}"]
        return lines + list(self.settings)

    def _passwords(self) -> Path:
        path = self.folder / "passwords"
        path.write_text("")
        for user, password in self.users:
            subprocess.run(
                ["mosquitto_passwd", "-b", str(path), user, password],
                check=True,
                capture_output=True,
            )
        return path
