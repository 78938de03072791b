"""Real child processes: kept alive, stopped, left alone, reported."""

import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from structlog.testing import capture_logs

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.child import Child
from edge_agent.runtime.supervisor import Backoff, Hopeless, immortal

AT_ONCE = Backoff(first=0.01, ceiling=0.01)
WAIT = "import sys; sys.stdin.read(); import signal; signal.pause()"
STUBBORN = (
    "import signal, pathlib, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "pathlib.Path(sys.argv[1]).touch(); signal.pause()"
)


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-S", "-c", code, *arguments]


def wait_for(happened: Event | Path, seconds: float = 10.0) -> None:
    patience = Event()
    if isinstance(happened, Event):
        assert happened.wait(seconds)
        return
    for _ in range(int(seconds / 0.02)):
        if happened.exists():
            return
        patience.wait(0.02)
    raise AssertionError(f"{happened} never came")


class Running:
    """A child under the supervisor, in a thread of this test."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.stop = Event()
        self.pids: list[int] = []
        self.news = Event()
        child.started = self.note
        self.thread = Thread(target=immortal, args=(child.name, child.run_once, self.stop, AT_ONCE))
        self.thread.start()

    def note(self, pid: int) -> None:
        self.pids.append(pid)
        self.news.set()

    def next_pid(self) -> int:
        wait_for(self.news)
        self.news.clear()
        return self.pids[-1]

    def end(self) -> None:
        self.stop.set()
        self.thread.join(15)
        assert not self.thread.is_alive()


def test_a_killed_child_comes_back_and_a_stop_ends_it() -> None:
    running = Running(Child("recorder", python(WAIT)))
    first = running.next_pid()
    os.kill(first, signal.SIGKILL)
    second = running.next_pid()
    assert second != first
    running.end()
    assert running.child.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_a_child_that_ignores_term_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    with capture_logs() as logs:
        running = Running(Child("vision", python(STUBBORN, str(deaf)), own_session=True, grace=0.2))
        pid = running.next_pid()
        wait_for(deaf)
        running.end()
    assert "child.killed" in [line["event"] for line in logs]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_is_to_be_left_outlives_our_stop() -> None:
    running = Running(Child("recorder", python(WAIT), own_session=True, leave=True))
    pid = running.next_pid()
    running.end()
    assert running.child.pid == pid
    assert os.getsid(pid) == pid
    assert running.child._process is not None
    running.child._process.kill()
    running.child._process.wait()


def test_a_wrong_configuration_is_reported_and_not_tried_again() -> None:
    child = Child("recorder", python("raise SystemExit(78)"))
    with pytest.raises(Hopeless) as caught:
        child.run_once(Event())
    assert caught.value.code == "child.configuration"


@pytest.mark.parametrize(
    ("code", "how"),
    [("raise SystemExit(3)", "(3)"), ("import os; os.kill(os.getpid(), 9)", "(SIGKILL)")],
)
def test_how_a_child_ended_is_said(code: str, how: str) -> None:
    with pytest.raises(Trouble) as caught:
        Child("vision", python(code)).run_once(Event())
    assert caught.value.code == "child.ended"
    assert how in caught.value.en


def test_a_program_that_is_not_there_is_told_and_not_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Hopeless) as caught:
        Child("recorder", [str(tmp_path / "nothing")]).run_once(Event())
    assert caught.value.code == "child.missing"


def test_a_child_gets_the_environment_that_it_is_given(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = "import os, sys; open(sys.argv[1], 'w').write(','.join(sorted(os.environ)))"
    child = Child("vision", python(code, str(said)), env={"ONLY": "this", "LC_ALL": "C"})
    with pytest.raises(Trouble):
        child.run_once(Event())
    assert "NOTIFY_SOCKET" not in said.read_text()
    assert "ONLY" in said.read_text()
