"""The bench of persons on drawn people: its own measuring, and what each copy may cost."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.core.geometry import Size
from edge_agent.vision.specimens import Figure, picture
from tests.bench.vision_persons import COPIES, Figures, Shown, everything, judge, ours, score

VGA = Size(480, 360)


def walk() -> Iterator[Shown]:
    """Three people of 60 to 110 px who walk across, in a picture of 4:3."""
    for step in range(8):
        people = [
            Figure(60 + 12 * step, 180, 60, 0.04 + 0.01 * step, 2),
            Figure(240 - 9 * step, 240, 90, 0.12 - 0.01 * step, 1),
            Figure(330 + 10 * step, 320, 110, 0.08, 3),
        ]
        shown = picture("walk", VGA, people)
        boxes = [(box.x1, box.y1, box.x2, box.y2) for box in shown.people]
        yield shown.image, np.array(boxes)


@pytest.mark.parametrize("copy", COPIES)
def test_every_copy_shows_the_same_people(copy: str, tmp_path: Path) -> None:
    found = score(everything(ours(), tmp_path), COPIES[copy](list(walk())), 1)
    assert found.recall >= 0.95
    assert found.ap50 >= 0.95


def test_a_miss_is_told_by_its_figure() -> None:
    good, slow = Figures(0.95, 0.94, 0.97, 0.97, 12.0), Figures(0.92, 0.94, 0.9, 0.9, 30.0)
    assert judge({"as it is": good, "grey": good}) == []
    assert judge({"as it is": slow}) == ["AP50: 0.92 < 0.93", "30.0 ms > 25.0 ms a frame"]
    assert judge({"as it is": good, "dark": Figures(0.95, 0.88, 0, 0, 12.0)}) == [
        "dark: recall loses 0.060"
    ]
