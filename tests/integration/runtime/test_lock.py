"""One process on one state folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.lock import SingleInstance, held, holder

HOLD = """
import sys
from pathlib import Path
from edge_agent.runtime.lock import SingleInstance
with SingleInstance(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_the_holder_writes_its_pid_and_takes_it_away_again(tmp_path: Path) -> None:
    path = tmp_path / "run" / "agent.lock"
    with SingleInstance(path):
        assert holder(path) == os.getpid()
        assert held(path)
    assert holder(path) is None
    assert not held(path)


def test_a_second_process_is_told_who_where_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    with hold(path) as other:
        with pytest.raises(Trouble) as caught, SingleInstance(path):
            pass
        assert caught.value.code == "instance.second"
        for words in (str(other.pid), str(tmp_path), "storage.state"):
            assert words in caught.value.en
            assert words in caught.value.vi
        assert holder(path) == other.pid
        other.communicate("")


def test_the_lock_of_a_killed_process_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    with hold(path) as other:
        other.kill()
        other.communicate()
    assert path.read_text().strip() == str(other.pid)
    assert holder(path) is None
    with SingleInstance(path):
        assert holder(path) == os.getpid()


def test_asking_who_holds_a_lock_takes_nothing_away(tmp_path: Path) -> None:
    path = tmp_path / "agent.lock"
    assert holder(path) is None
    assert not path.exists()
    with SingleInstance(path):
        assert [held(path) for _ in range(50)] == [True] * 50


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble) as caught, SingleInstance(tmp_path / "file" / "agent.lock"):
        pass
    assert caught.value.code == "instance.folder"
