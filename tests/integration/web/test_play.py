"""`edge-agent play`: a file, an address at the agent's server, or at one of its own."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import getuid
from pathlib import Path
from pwd import getpwuid
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from edge_agent.recording.playback import played_seconds
from tests.integration.recording.site import until
from tests.integration.web.served import Site, stamp

COMMAND = [sys.executable, "-m", "edge_agent"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    config = {
        "site": {"id": "test", "timezone": "Asia/Ho_Chi_Minh"},
        "storage": {"state": str(made.layout.state), "recordings": str(made.layout.recordings)},
        "credentials": "credentials.yaml",
        "discovery": {"enabled": False},
        "vision": {"enabled": False},
        "mqtt": {"enabled": False},
        "web": {"enabled": True, "port": free_port()},
    }
    (tmp_path / "site.yaml").write_text(json.dumps(config))
    (tmp_path / "credentials.yaml").write_text("cameras: {}\n")
    (tmp_path / "credentials.yaml").chmod(0o600)
    yield made
    made.audit.close()
    made.recordings.close()


def play(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "play", "--config", str(folder / "site.yaml"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """A program of ours; it has to end well on SIGTERM."""
    child = subprocess.Popen(
        [*COMMAND, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield child
        child.send_signal(signal.SIGTERM)
        assert child.wait(15) == 0
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        assert child.stdout is not None
        child.stdout.close()


def fetched(url: str) -> bytes:
    with urlopen(url, timeout=20) as answer:
        return bytes(answer.read())


def test_a_film_is_written_and_what_is_missing_is_said(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    # site time: 23:59:52 in UTC
    done = play(tmp_path, "--camera", "yard", "--at", "2021-07-29 06:59:52", "--output", str(out))
    assert done.returncode == 0, done.stderr
    assert played_seconds(out) == pytest.approx(8.0)
    assert done.stdout.startswith(f"{out}\t2021-07-28T23:59:52.000Z\t8.0 s\t")
    assert "2021-07-29 07:00:00 – 2021-07-29 07:00:52: network" in done.stderr
    (look,) = site.looks()
    assert (look.what, look.camera) == ("file", "yard")
    again = play(tmp_path, "--camera", "yard", "--at", "2021-07-29 06:59:52", "--output", str(out))
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--camera", "yard", "--at", "yesterday"), "is not a moment"),
        (("--camera", "gate", "--at", "-5m"), "no camera of this name"),
        (("--camera", "yard", "--at", stamp(20), "--seconds", "9"), "no picture in this span (net"),
        (("--camera", "yard", "--at", stamp(0), "--output", "/nowhere/x.mp4"), "cannot be written"),
    ],
)
def test_what_cannot_be_played_is_told_in_words(
    site: Site, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = play(tmp_path, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    del site


def test_the_agent_serves_and_play_gives_its_address(site: Site, tmp_path: Path) -> None:
    port = json.loads((tmp_path / "site.yaml").read_text())["web"]["port"]
    with running("run", "--config", str(tmp_path / "site.yaml"), "--no-recorder"):
        until(site.layout.web_token.exists)

        def answers() -> bool:
            try:
                fetched(f"http://127.0.0.1:{port}/api/cameras")
            except HTTPError as error:
                with error:
                    return error.code == 401
            except OSError:
                return False
            return False

        until(answers)
        done = play(tmp_path, "--camera", "yard", "--at", stamp(0), "--seconds", "70", "--serve")
        assert done.returncode == 0, done.stderr
        url = done.stdout.strip()
        assert url.startswith(f"http://127.0.0.1:{port}/media/yard/")
        (tmp_path / "film.mp4").write_bytes(fetched(url))
    assert played_seconds(tmp_path / "film.mp4") == pytest.approx(70.0)
    assert [look.who for look in site.looks()] == ["web"]


def test_without_an_agent_play_serves_by_itself_until_it_is_stopped(
    site: Site, tmp_path: Path
) -> None:
    wanted = ("--camera", "yard", "--at", stamp(0), "--seconds", "9", "--serve")
    with running("play", "--config", str(tmp_path / "site.yaml"), *wanted) as child:
        assert child.stdout is not None
        url = next(line for line in child.stdout if line.startswith("http://")).strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/media/yard/\S+\.mp4\?token=[\w-]{43}", url)
        assert fetched(url)[4:8] == b"ftyp"
    (look,) = site.looks()
    assert (look.who, look.what) == (getpwuid(getuid()).pw_name, "film")
