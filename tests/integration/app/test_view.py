"""A picture of the view: from the camera itself, else from what was recorded of it."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.app.layout import Layout
from edge_agent.app.view import view_of
from edge_agent.config.schema import Config
from edge_agent.config.secrets import Credentials
from edge_agent.core.media import Camera, Segment
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import SystemClock
from edge_agent.store.inventory import write_inventory
from edge_agent.store.recordings import Recordings
from tests.integration.vision.street import FORM, PASSWORD, camera, camera_at, film
from tests.unit.recording.clips import fragmented

CLOCK = SystemClock()
LOGIN = Credentials({"default": PASSWORD})


def site(folder: Path, *cameras: Camera) -> Config:
    config = Config.model_validate(
        {
            "site": {"id": "a-school"},
            "storage": {"state": folder / "state", "recordings": folder / "rec"},
        }
    )
    layout = Layout.of(config)
    layout.make()
    write_inventory(layout.inventory, cameras)
    return config


def test_the_camera_shows_its_main_stream(tmp_path: Path) -> None:
    with camera(film(tmp_path)) as (there, _):
        image, source = view_of("one", site(tmp_path, there), LOGIN, CLOCK)
    assert image.shape == (FORM.main.height, FORM.main.width, 3)
    assert "live" in source


def test_a_camera_that_does_not_answer_is_seen_in_its_newest_recording(tmp_path: Path) -> None:
    config = site(tmp_path, camera_at("one", 1))
    layout, now = Layout.of(config), CLOCK.now().wall
    layout.recordings.mkdir()
    content = fragmented(2)
    (layout.recordings / "new.mp4").write_bytes(content)
    with closing(Recordings(layout.recordings_index)) as recordings:
        for path, ago in (("new.mp4", 60), ("old.mp4", 600), ("gone.mp4", 10)):
            begin = now - timedelta(seconds=ago)
            recordings.add_segment(Segment("one", "run", path, begin, 2.0, len(content)))
    image, source = view_of("one", config, LOGIN, CLOCK)
    assert image.ndim == 3
    assert "new.mp4" in source


def test_the_camera_s_own_trouble_is_told_where_nothing_was_recorded(tmp_path: Path) -> None:
    with pytest.raises(Trouble) as caught:
        view_of("one", site(tmp_path, camera_at("one", 1)), LOGIN, CLOCK)
    assert caught.value.code == "camera.unreachable"
