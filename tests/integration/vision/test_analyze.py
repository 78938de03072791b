"""`edge-agent analyze` as people call it: real models, a real video, real pictures."""

import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from edge_agent.cli import app
from tests.integration.vision.shipped import MODELS, photograph
from tests.integration.vision.street import FORM, floor, street

FPS, SECONDS = 10, 4


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of the street: two people 1.2 m apart, a third one alone; it sways a little."""
    path = tmp_path_factory.mktemp("film") / "đường phố.mp4"
    picture = street()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = FORM.main.width, FORM.main.height
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, FPS)
        for index in range(FPS * SECONDS):
            swayed = np.roll(picture, round(12 * np.sin(index * np.pi / FPS)), axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(swayed, "bgr24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A site that knows the street's floor, and tells after two seconds."""
    site = {
        "site": {"id": "kcl-1"},
        "vision": {"models": str(MODELS), "precision": "f32"},
        "rules": {"distancing": {"duration": "2s", "limit": 2.0}},
        "cameras": [
            {"id": "street", "match": {"host": "192.0.2.1"}, "calibration": floor().model_dump()}
        ],
    }
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(json.loads(json.dumps(site))), encoding="utf-8")
    return str(path)


def run(*arguments: str, status: int = 0) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["analyze", *arguments])
    assert done.exit_code == status, done.output
    return [json.loads(line) for line in done.stdout.splitlines()] if status == 0 else []


def words(*arguments: str, status: int) -> str:
    done = CliRunner().invoke(app, ["analyze", *arguments])
    assert done.exit_code == status, done.output
    return done.output


def test_a_video_is_followed_and_its_episodes_open_and_close(film: Path, config: str) -> None:
    lines = run(str(film), "--config", config, "--camera", "street", "--fps", "5")
    frames = [line for line in lines if line["type"] == "frame"]
    assert [frame["frame"] for frame in frames] == list(range(0, FPS * SECONDS, 2))
    assert [frame["time_s"] for frame in frames] == [round(0.2 * k, 3) for k in range(20)]
    last = frames[-1]
    assert (last["source"], last["width"], last["height"]) == (film.name, 1280, 720)
    assert {1, 2, 3} <= {one["track"] for one in frames[0]["persons"]}
    assert {1, 2, 3} <= {one["track"] for one in last["persons"]}
    for one in last["persons"]:
        x1, y1, x2, y2 = one["box"]
        assert 0 <= x1 < x2 <= 1280
        assert 0 <= y1 < y2 <= 720
        assert one["mask"] in {"worn", "incorrect", "absent", "unknown"}
        assert (one["mask_score"] is None) == (one["mask"] == "unknown")
        assert len(one["ground_m"]) == 2
        assert one["sigma_m"] > 0
    faces = [
        (one["face_box"], one["head_box"])
        for frame in frames
        for one in frame["persons"]
        if one["face_box"]
    ]
    assert 0 < len(faces) < sum(len(frame["persons"]) for frame in frames)
    for face, head in faces:
        assert head[0] <= (face[0] + face[2]) / 2 <= head[2]
        assert head[1] <= (face[1] + face[3]) / 2 <= head[3]
    events = [line for line in lines if line["type"] == "event" and line["tracks"] == [1, 2]]
    assert {event["rule"] for event in events} == {"distancing"}
    assert [event["event"] for event in events] == ["opened", "closed"]
    opened, closed = events
    assert opened["episode"] == closed["episode"]
    assert opened["t1_s"] - opened["t0_s"] >= 2.0
    assert opened["min_distance_m"] == pytest.approx(1.2, abs=0.3)
    assert 0 <= opened["peak_s"] <= opened["t1_s"]
    assert "@" in opened["model"]
    assert closed["reason"] == "source_ended"
    assert closed["t1_s"] == frames[-1]["time_s"]


def test_the_same_source_gives_the_same_bytes(film: Path, config: str, tmp_path: Path) -> None:
    written = []
    for name in ("one.jsonl", "two.jsonl"):
        run(str(film), "--config", config, "--camera", "street", "--output", str(tmp_path / name))
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert len(written[0].splitlines()) > SECONDS * 5


def test_pictures_of_a_folder_are_frames_by_themselves(config: str, tmp_path: Path) -> None:
    folder = tmp_path / "ảnh"
    folder.mkdir()
    for name in ("a.jpg", "b.png"):
        data = cv2.imencode(Path(name).suffix, photograph("bus.jpg"))[1]
        (folder / name).write_bytes(data.tobytes())
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    first, second = run(str(folder), "--config", config, "--annotate", str(tmp_path / "drawn"))
    assert [first["source"], second["source"]] == ["a.jpg", "b.png"]
    assert (first["frame"], first["time_s"], first["width"], first["height"]) == (0, 0, 810, 1080)
    assert [one["track"] for one in first["persons"]] == [1, 2, 3, 4]
    assert first["persons"][0]["score"] >= first["persons"][-1]["score"]
    drawn = cv2.imread(str(tmp_path / "drawn" / "a.jpg-000000.jpg"))
    assert drawn is not None
    assert drawn.shape == (1080, 810, 3)


@pytest.mark.parametrize("size", [(160, 120), (360, 640), (3840, 2160)])
def test_any_size_and_shape_is_looked_at(size: tuple[int, int], tmp_path: Path) -> None:
    data = cv2.imencode(".png", cv2.resize(photograph("zidane.jpg"), size))[1]
    (tmp_path / "p.png").write_bytes(data.tobytes())
    (line,) = run(str(tmp_path / "p.png"))
    assert (line["width"], line["height"]) == size
    assert line["persons"]
    assert all(one["ground_m"] is None for one in line["persons"])


def test_a_grey_picture_shows_nobody(tmp_path: Path) -> None:
    data = cv2.imencode(".png", np.full((360, 640), 127, np.uint8))[1]
    (tmp_path / "grey.png").write_bytes(data.tobytes())
    assert run(str(tmp_path / "grey.png"))[0]["persons"] == []


def test_what_cannot_be_looked_at_is_told_and_leaves_no_output(film: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(film.read_bytes()[:2000])
    empty = tmp_path / "empty.jpg"
    empty.touch()
    (tmp_path / "bare").mkdir()
    output = tmp_path / "lines.jsonl"
    for wrong in (torn, empty, tmp_path / "bare", tmp_path / "nowhere"):
        said = words(str(wrong), "--output", str(output), status=1)
        assert wrong.name in said.replace("\n", "")
    assert "--config" in words(str(film), "--camera", "street", status=1)
    assert not list(tmp_path.glob("*lines*"))


def test_an_unknown_camera_is_told(film: Path, config: str) -> None:
    assert "street" in words(str(film), "--config", config, "--camera", "yard", status=1)


def test_an_interrupted_analysis_leaves_nothing_half_done(film: Path, tmp_path: Path) -> None:
    folder, output = tmp_path / "many", tmp_path / "lines.jsonl"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03d}.mp4").symlink_to(film)
    drawn = tmp_path / "drawn"
    command = [sys.executable, "-m", "edge_agent", "analyze", str(folder)]
    command += ["--output", str(output), "--annotate", str(drawn)]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not drawn.exists():
        assert child.poll() is None
        os.sched_yield()
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 130
    assert not list(tmp_path.glob("*lines*"))
