"""Secrets appear in no log line; no log line stops the work."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from edge_agent.runtime import logs

SECRET = "Mật/khẩu&'bí\"mật\\1"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    handlers = list(logging.getLogger().handlers)
    hooks = sys.excepthook, threading.excepthook
    monkeypatch.setattr(logs, "_SECRETS", [])
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers = handlers
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook = hooks


@dataclass
class Login:
    password: str


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f"a sentence with {SECRET} inside",
        SECRET.encode(),
        [SECRET, {"deep": ({SECRET},)}],
        {SECRET: 1},
        Login(SECRET),
        ValueError(f"refused: {SECRET}"),
        Path("/x") / SECRET.replace("/", ""),
        "rtsp://admin:M%E1%BA%ADt%2Fkh%E1%BA%A9u%26%27b%C3%AD%22m%E1%BA%ADt%5C1@10.0.0.1/x",
        "pass=M%E1%BA%ADt%2Fkh%E1%BA%A9u%26%27b%C3%AD%22m%E1%BA%ADt%5C1",
        "<Password>Mật/khẩu&amp;&#x27;bí&quot;mật\\1</Password>",
        json.dumps({"password": SECRET}),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("form", ["json", "console"])
def test_a_secret_appears_in_no_line_whatever_its_clothes(
    capsys: pytest.CaptureFixture[str], form: str, value: object
) -> None:
    logs.configure(form)
    logs.hide([SECRET, SECRET.replace("/", "")])
    logs.log.warning("camera.refused", value=value)
    said = capsys.readouterr().out
    assert "camera.refused" in said
    assert "***" in said
    assert "bí" not in said
    assert "b%C3%AD" not in said


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_is_scrubbed_as_well(capsys: pytest.CaptureFixture[str], form: str) -> None:
    logs.configure(form)
    logs.hide([SECRET])
    try:
        int(SECRET)
    except ValueError:
        logs.log.error("attempt.failed", exc_info=True)
    said = capsys.readouterr().out
    assert "Traceback" in said
    assert "bí" not in said


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("rtsp://u:p@h/x", "rtsp://***@h/x"),
        ("rtsp://token@h/x", "rtsp://***@h/x"),
        ("mqtts://u:p/w@h:8883", "mqtts://***@h:8883"),
        ("see http://a:b@c and http://d:e@f", "see http://***@c and http://***@f"),
        ("http://h:80/x", "http://h:80/x"),
        ("mail to a@b", "mail to a@b"),
    ],
)
def test_what_a_url_says_of_its_user_is_removed_even_if_nobody_knows_it(
    url: str, clean: str
) -> None:
    assert logs.scrub(url) == clean


def test_numbers_truth_and_nothing_stay_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logs.log.info("segment.closed", camera="c1", seconds=59.96, complete=True, gap=None)
    (line,) = lines(capsys)
    assert (line["event"], line["camera"], line["level"]) == ("segment.closed", "c1", "info")
    assert (line["seconds"], line["complete"], line["gap"]) == (59.96, True, None)
    assert str(line["timestamp"]).endswith("Z")


def test_json_is_one_line_in_readable_vietnamese(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logs.log.warning("attempt.trouble", vi="Sai mật khẩu\ncamera", odd="\ud800")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "Sai mật khẩu\\ncamera" in said


def test_what_is_below_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "warning")
    logs.log.info("segment.closed")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("library", ["libav.h264", "zeep.transports", "apscheduler.scheduler"])
def test_what_libraries_say_comes_along_scrubbed(
    capsys: pytest.CaptureFixture[str], library: str
) -> None:
    logs.configure("json")
    logs.configure("json")
    logs.hide([SECRET])
    logging.getLogger(library).info("not worth a line")
    logging.getLogger(library).warning("cannot open %s", f"rtsp://u:{SECRET}@h")
    (line,) = lines(capsys)
    assert (line["event"], line["library"]) == ("library.said", library)
    assert line["text"] == "cannot open rtsp://***@h"


def test_warnings_of_libraries_come_along(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("soon gone", UserWarning, stacklevel=1)
    assert "soon gone" in str(lines(capsys)[0]["text"])


def test_an_uncaught_exception_is_a_scrubbed_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logs.guard()
    logs.hide([SECRET])
    error = ValueError(SECRET)
    sys.excepthook(ValueError, error, None)
    threading.excepthook(
        threading.ExceptHookArgs((ValueError, error, None, threading.main_thread()))
    )
    both = lines(capsys)
    assert [line["event"] for line in both] == ["program.failed", "thread.failed"]
    assert "bí" not in str(both)


class FullDisk(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_line_that_cannot_be_written_is_lost_counted_and_harmless() -> None:
    stream = logs.Unbreakable(FullDisk())
    print("segment.closed", file=stream, flush=True)  # type: ignore[call-overload]
    assert stream.lost >= 1
    closed = io.StringIO()
    closed.close()
    stream = logs.Unbreakable(closed)
    print("segment.closed", file=stream, flush=True)  # type: ignore[call-overload]
    assert stream.lost >= 1


def test_a_line_and_its_end_are_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that share a log file would tear each other's lines otherwise."""
    written: list[str] = []

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Stream())
    logs.configure("json")
    logs.log.info("segment.closed", camera="c")
    (line,) = written
    assert line.endswith("}\n")
