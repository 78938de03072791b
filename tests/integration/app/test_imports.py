"""What runs all year imports what it needs: a library that is never used is paid for in memory."""

import subprocess
import sys

import pytest


def imported(program: str) -> set[str]:
    """The packages that Python has loaded after this program."""
    told = "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    return set(subprocess.check_output([sys.executable, "-c", program + told], text=True).split())


@pytest.mark.parametrize(
    ("program", "needless"),
    [
        ("import edge_agent.cli", {"av", "cv2", "numpy", "pydantic", "rich", "structlog"}),
        (
            "from edge_agent.cli import app\n"
            "from typer.testing import CliRunner\n"
            "assert 'Run the recorder' in CliRunner().invoke(app, ['record', '--help']).output",
            {"cv2", "numpy", "onvif", "openpyxl", "openvino", "paho", "sqlalchemy", "zeep"},
        ),
    ],
    ids=["program", "recorder"],
)
def test_no_library_comes_along_unused(program: str, needless: set[str]) -> None:
    assert imported(program) & needless == set()


@pytest.mark.parametrize("name", ["rekord", "center-run"])
def test_an_unknown_command_is_wrong_usage(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent", name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert name in done.stderr
