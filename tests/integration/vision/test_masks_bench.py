"""A short cut of the mask bench: two photographs that are labelled here, and its packed frames."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.train.pictures import Face
from tests.bench import vision_masks
from tests.bench.mask_peers import anchors
from tests.bench.mask_pictures import HIGH, WIDE, Labelled, packed, shrunk
from tests.integration.vision.shipped import photograph

ABSENT = 1
LABELS = {
    "zidane.jpg": [(915, 112, 1054, 280), (456, 252, 656, 440)],
    "bus.jpg": [(271, 430, 308, 473), (117, 420, 156, 471)],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, boxes in LABELS.items():
        image = photograph(name)
        cv2.imwrite(str(tmp_path / name), image)
        height, width = image.shape[:2]
        rows = [
            f"{ABSENT} {(x1 + x2) / 2 / width} {(y1 + y2) / 2 / height} "
            f"{(x2 - x1) / width} {(y2 - y1) / height}"
            for x1, y1, x2, y2 in boxes
        ]
        (tmp_path / f"{Path(name).stem}.txt").write_text("\n".join(rows))
    return tmp_path


def test_bare_faces_are_told_and_what_no_picture_shows_is_a_miss(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--images", str(folder), "--labels", str(folder), "--weights", str(folder)]
    assert vision_masks.main(where) == 1
    told = capsys.readouterr().out
    assert "24 px, packed" in told
    row = json.loads(told.splitlines()[-1])
    assert row["violation_p"] == 1.0
    assert row["violation_r"] >= 0.75
    assert row["worn_r"] == row["incorrect_r"] == 0.0
    assert {"worn_r", "incorrect_r", "macro_f1"} <= set(row["missed"])


def test_half_of_the_arguments_is_refused(folder: Path) -> None:
    with pytest.raises(SystemExit):
        vision_masks.main(["--images", str(folder)])


def test_packed_frames_keep_every_face_where_it_is() -> None:
    pictures = [
        Labelled(np.full((400, 600, 3), shade, np.uint8), (Face((50, 60, 98, 108), shade % 3),))
        for shade in range(10, 250, 12)
    ]
    small = [one for one in (shrunk(picture, 24.0) for picture in pictures) if one]
    frames = packed(small)
    assert all(frame.image.shape == (HIGH, WIDE, 3) for frame in frames)
    faces = [(frame, face) for frame in frames for face in frame.faces]
    assert len(faces) == len(pictures)
    for frame, face in faces:
        assert face.side == pytest.approx(24.0, abs=0.2)
        x, y = round(face.box[0]) + 5, round(face.box[1]) + 5
        assert int(frame.image[y, x, 0]) % 3 == face.state


def test_the_anchors_of_the_other_network_are_as_many_as_its_answers() -> None:
    assert anchors().shape == (5972, 4)
