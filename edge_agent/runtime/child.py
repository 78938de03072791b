"""A child process that is kept alive: started, watched, restarted by the supervisor, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log, scrub
from edge_agent.runtime.supervisor import Hopeless

CONFIGURATION = 78  # EX_CONFIG of sysexits.h: starting again would say the same again
GLANCE = 0.1  # seconds between two looks at the child; also how late `stop` is noticed


class Child:
    """One child process as an attempt: `start_thread("recorder", child.run_once, stop)`.

    `argv` is a list, never a shell line, and holds no secret (everybody can read a process
    list). With `own_session` the child is out of reach of our terminal's Ctrl-C and survives our
    death; with `leave` it also survives our stop. `started` is told each new pid. stdout and
    stderr are ours, or are appended to the file `output`.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        own_session: bool = False,
        leave: bool = False,
        grace: float = 10.0,
        started: Callable[[int], None] | None = None,
        output: Path | None = None,
    ) -> None:
        self.name = name
        self.argv = tuple(argv)
        self.env = env
        self.own_session = own_session
        self.leave = leave
        self.grace = grace
        self.started = started
        self.output = output
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the running child; None while there is none."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def run_once(self, stop: Event) -> None:
        """Start the child and stay until it ends or `stop` is set.

        Raises Trouble `child.ended` when it ends by itself, Hopeless `child.configuration` when
        it ends with 78 and `child.missing` when it cannot be started at all.
        """
        process = self._start()
        self._process = process
        if self.started:
            self.started(process.pid)
        log.info("child.started", name=self.name, pid=process.pid)
        while process.poll() is None:
            if stop.wait(GLANCE):
                if not self.leave:
                    self._end(process)
                return
        if not stop.is_set():
            raise self._ended(process.returncode)

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            with ExitStack() as stack:
                out = stack.enter_context(self.output.open("ab")) if self.output else None
                return subprocess.Popen(
                    self.argv,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=self.own_session,
                )
        except OSError as error:
            why = error.strerror or str(error)
            raise Hopeless(
                "child.missing",
                f"Không khởi động được '{self.name}' ({scrub(self.argv[0])}): {why}. "
                "Cài lại chương trình.",
                f"'{self.name}' cannot be started ({scrub(self.argv[0])}): {why}. "
                "Install the program again.",
            ) from error

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """TERM, then KILL when the grace is over: first the child, then all of its session."""
        process.terminate()
        try:
            process.wait(self.grace)
        except subprocess.TimeoutExpired:
            log.warning("child.killed", name=self.name, pid=process.pid, after_s=self.grace)
            if self.own_session:
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        log.info("child.stopped", name=self.name, code=process.returncode)

    def _ended(self, code: int) -> Trouble:
        if code == CONFIGURATION:
            return Hopeless(
                "child.configuration",
                f"'{self.name}' báo lỗi cấu hình (mã 78) và không được khởi động lại. "
                "Xem lỗi trong nhật ký, sửa cấu hình rồi khởi động lại dịch vụ.",
                f"'{self.name}' reports a configuration error (exit 78) and is not restarted. "
                "Read its errors in the log, mend the configuration, restart the service.",
            )
        how = f"{signal.Signals(-code).name}" if code < 0 else f"{code}"
        return Trouble(
            "child.ended",
            f"'{self.name}' đã dừng ngoài ý muốn ({how}); đang khởi động lại.",
            f"'{self.name}' ended by itself ({how}); it is being started again.",
        )
