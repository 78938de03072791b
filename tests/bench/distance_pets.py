"""PETS 2009 S2.L1 (University of Reading) as a scene with truth, and what `analyze` says of it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from edge_agent.config.schema import Calibration, Vision
from edge_agent.core.geometry import Box, Size
from edge_agent.vision.footage import film_frames, find_sources
from edge_agent.vision.process import load_models
from tests.bench.distance_scenes import Moment, Person, Scene
from tests.bench.distance_score import Answer, by_place

CLIP = "pets09_s2l1_view001_480x360.mp4"
SIZE = Size(480, 360)
FPS = 5.0
MODELS = Path(__file__).parents[2] / "models"


def floor(data: Path) -> dict[str, Any]:
    """The calibration of the view, as site.yaml has it: four reference points."""
    spots = json.loads((data / "calibration.json").read_text())["reference_points"]
    points = [{"pixel": spot["image_px"], "metres": spot["ground_m"]} for spot in spots]
    return {"size": [SIZE.width, SIZE.height], "points": points}


def truth(data: Path) -> dict[int, dict[int, Person]]:
    """Who is where in every frame."""
    people: dict[int, dict[int, Person]] = defaultdict(dict)
    with (data / "gt.csv").open() as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[name]) for name in "xywh")
            people[int(row["frame"])][int(row["id"])] = Person(
                Box(x, y, x + w, y + h),
                float(row["ground_x_m"]),
                float(row["ground_y_m"]),
                row["in_area"] == "1",
            )
    return people


def pets(data: Path, variant: str) -> Scene:
    """The clip at five frames a second with a shipped detector's boxes."""
    people = truth(data)
    source = find_sources([data / CLIP])[0]
    with tempfile.TemporaryDirectory() as scratch:
        models = load_models(MODELS, Vision(variant=variant), Path(scratch))
        moments = [
            Moment(
                one.number,
                one.frame.at.mono,
                people[one.number],
                tuple(models.detector.detect(one.frame.image)),
            )
            for one in film_frames(source, FPS)
        ]
    calibration = Calibration.model_validate(floor(data))
    return Scene(f"PETS, {variant or 'default'}", SIZE, calibration, tuple(moments))


def as_told(data: Path) -> dict[int, Answer]:
    """What anybody reads from the lines of `edge-agent analyze` of the clip: a person is who has
    a line, hidden or seen; a pair is close whose `ground_m` are less than two metres apart.
    """
    camera = {"id": "yard", "rtsp": {"main": "rtsp://192.0.2.1/main"}, "calibration": floor(data)}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "site.yaml"
        config.write_text(yaml.safe_dump({"site": {"id": "pets"}, "cameras": [camera]}))
        command = [sys.executable, "-m", "edge_agent", "analyze", str(data / CLIP)]
        command += ["--config", str(config), "--camera", "yard", "--fps", f"{FPS:g}"]
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    answers = {}
    for line in map(json.loads, said.splitlines()):
        if line["type"] == "frame":
            people = line["persons"]
            answers[line["frame"]] = Answer(
                {person["track"]: Box(*person["box"]) for person in people},
                by_place({p["track"]: p["ground_m"] and tuple(p["ground_m"]) for p in people}),
                {p["track"]: p["ground_m"] and tuple(p["ground_m"]) for p in people},
            )
    return answers
