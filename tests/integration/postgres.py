"""A real PostgreSQL of its own: a private cluster on a unix socket and loopback, as a child."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.integration.broker import free_port, until

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/bin"))


class Postgres:
    """`url` names the database of `create`; trust on loopback, durable as Debian's defaults are."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qcam-pg-"))
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://127.0.0.1:{self.port}/{name}?user=postgres"

    def start(self) -> "Postgres":
        command = [str(BIN / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [*self._as_user(), *command], stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, 30, "postgres")
        return self

    def create(self, name: str) -> str:
        """A fresh database; its URL."""
        self._run("createdb", *self._where(), name)
        return self.url(name)

    def kill(self) -> None:
        """The whole server at once, as a power cut would (SIGQUIT: immediate shutdown)."""
        if self._server:
            os.killpg(self._server.pid, signal.SIGQUIT)
            self._server.wait(20)
            self._server = None

    def end(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        ready = [str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def _where(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]

    def _as_user(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        entry = pwd.getpwnam(self._user)
        ids = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids, "--"]

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user(), str(BIN / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/")
