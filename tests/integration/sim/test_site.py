"""A whole site: its files, its truth, and coming up and down."""

import json
import stat
from pathlib import Path

import pytest

from edge_agent.config.loader import load
from edge_agent.config.secrets import read_credentials
from edge_agent.core.event import Rule
from edge_agent.core.geometry import Size
from edge_agent.core.secret import Credential
from edge_agent.core.trouble import Trouble
from edge_agent.rules.ground import fit_plane, to_ground
from edge_agent.sim.site import VirtualSite, prepare
from edge_agent.sim.truth import Expected
from edge_agent.sim.virtual_camera import Ports
from tests.fakes.clock import FakeClock
from tests.integration.sim.conftest import FORM, FREE


def test_the_site_file_is_a_valid_configuration(site: VirtualSite) -> None:
    config = load(site.folder / "site.yaml")
    assert config.site.id == "mo-phong"
    assert config.discovery.interfaces == ("lo",)
    assert [one.match.mac for one in config.cameras if one.match] == [
        camera.plate.mac for camera in site.cameras
    ]
    assert [one.place for one in config.cameras] == ["corridor", "yard"]
    for one in config.cameras:
        assert one.calibration
        plane = fit_plane(one.calibration, Size(320, 180))
        for spot in one.calibration.points:
            there = to_ground(plane, spot.pixel, 1.0)
            assert there
            assert (there.x, there.y) == pytest.approx(spot.metres, abs=0.2)
    assert (config.recording.segment, config.rules.distancing.duration) == (10, 5)
    assert (config.mqtt.url, config.mqtt.heartbeat) == ("mqtt://127.0.0.1:1883", 5)


def test_the_password_lives_in_a_file_of_its_own(site: VirtualSite) -> None:
    path = site.folder / "credentials.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = read_credentials(path, lambda _: None)
    assert read.camera("default") == site.credential
    assert read.warnings == ()
    for other in site.folder.iterdir():
        if other != path:
            assert site.credential.password not in other.read_text(encoding="utf-8")


def test_the_truth_is_written_per_frame_and_as_episodes(site: VirtualSite) -> None:
    lines = (site.folder / "truth-cam-1.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == FORM.frames
    assert {"t", "persons", "pairs"} == set(json.loads(lines[0]))
    said = json.loads((site.folder / "truth.json").read_text(encoding="utf-8"))
    assert said["loop_s"] == FORM.seconds
    assert len(said["episodes"]) == len(site.truth or ())


def test_preparing_again_keeps_the_password_and_an_edited_file(tmp_path: Path, cache: Path) -> None:
    def again(mqtt: Credential | None = None) -> VirtualSite:
        return prepare(tmp_path, 1, 99, form=FORM, cache=cache, ports=FREE, mqtt=mqtt)

    first = again()
    (tmp_path / "site.yaml").write_text("# edited\n", encoding="utf-8")
    second = again(mqtt=Credential("agent", "broker-secret"))
    assert first.credential == second.credential
    assert (tmp_path / "site.yaml.bak").read_text(encoding="utf-8") == "# edited\n"
    kept = read_credentials(tmp_path / "credentials.yaml", lambda _: None)
    assert kept.mqtt == Credential("agent", "broker-secret")


def test_a_second_site_at_the_same_address_is_told_and_leaves_nothing_up(
    tmp_path: Path, cache: Path
) -> None:
    def at(folder: str, http: int) -> VirtualSite:
        ports = Ports(http=http, rtsp=0, discovery=0, control=0)
        path = tmp_path / folder
        return prepare(
            path, 1, 99, form=FORM, cache=cache, first_address="127.0.50.90", ports=ports
        )

    with at("one", 0) as first:
        taken = int(first.cameras[0].device_url.split(":")[2].split("/")[0])
        with pytest.raises(Trouble) as caught, at("two", taken):
            pass
        assert caught.value.code == "sim.address_taken"
        assert "127.0.50.90" in caught.value.vi
    with at("two", taken) as second:
        assert str(taken) in second.cameras[0].device_url


def test_a_file_that_is_no_video_is_told_before_anything_is_written(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_text("hello", encoding="utf-8")
    with pytest.raises(Trouble) as caught:
        prepare(tmp_path / "site", 1, 1, [clip], form=FORM, ports=FREE, cache=tmp_path / "cache")
    assert caught.value.code == "sim.not_a_video"
    assert not (tmp_path / "site" / "site.yaml").exists()


def test_an_own_clip_is_played_without_truth_or_calibration(
    site: VirtualSite, tmp_path: Path
) -> None:
    clip = site.cameras[0].clip.main.path
    made = prepare(tmp_path, 2, 1, [clip], form=FORM, ports=FREE, cache=tmp_path / "cache")
    config = load(tmp_path / "site.yaml")
    assert made.truth is None
    assert made.expected(60) is None
    assert not list(tmp_path.glob("truth*"))
    assert [one.calibration for one in config.cameras] == [None, None]


@pytest.mark.parametrize(
    ("passed", "watched", "expected"),
    [
        (2.0, 60.0, None),
        (20.0, 20.0, {"mask": 1, "distancing": 1}),
        (62.0, 30.0, {}),
        (62.0, 50.0, {"mask": 1, "distancing": 1}),
        (90.0, 90.0, {"mask": 2, "distancing": 2}),
    ],
)
def test_what_a_watcher_could_have_seen_depends_on_when_it_looked(
    site: VirtualSite, passed: float, watched: float, expected: dict[str, int] | None
) -> None:
    clock = FakeClock()
    truth = (
        Expected("cam-1", Rule.MASK, 0.5, 26.0, (1,)),
        Expected("cam-1", Rule.DISTANCING, 4.5, 25.0, (2, 3)),
    )
    one = VirtualSite(site.folder, site.cameras, site.credential, truth, FREE, clock, 60.0)
    one.started = clock.now()
    clock.pass_time(passed)
    assert one.expected(watched) == (expected or {})
