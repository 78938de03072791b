"""What goes wrong on a site is said in words, and nothing is lost by it."""

import shutil
from contextlib import closing
from pathlib import Path

from edge_agent.store.journal import Journal
from tests.e2e.house import Broker, Ear, House, house, run, until
from tests.integration.broker import free_port
from tests.integration.outbox import waiting

ROOT = Path(__file__).parents[2]


def test_a_second_agent_on_the_same_state_folder_refuses(site: House) -> None:
    site.agent()
    until(lambda: bool(site.lines("agent.started")), 30)
    second = run("run", "--config", str(site.config))
    assert second.returncode == 1
    assert "Another process" in second.stderr
    assert "Traceback" not in second.stderr


def test_no_camera_found_says_what_to_look_at(tmp_path: Path) -> None:
    """Nobody answers at the one loopback address that this search may ask."""
    config = tmp_path / "site.yaml"
    config.write_text(
        f"site: {{id: empty}}\ndiscovery: {{interfaces: [lo], hosts: ['127.0.61.99:{free_port()}'],"
        " wait: 1s, adopt: false}\n",
        encoding="utf-8",
    )
    said = run("discover", "--config", str(config))
    assert said.returncode == 1
    assert "Kiểm tra cáp" in said.stderr
    assert "Check" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_wrong_password_is_tried_twice_at_most_and_told(site: House, center: Broker) -> None:
    ear = Ear(center.url)
    secrets = site.folder / "credentials.yaml"
    right = site.site.credential.password
    secrets.write_text(secrets.read_text().replace(right, "quite-wrong-77"), encoding="utf-8")
    site.agent()

    def told() -> bool:
        beats = ear.said("/heartbeat")
        return any(
            trouble["code"] == "camera.password_refused"
            for beat in beats
            for trouble in beat["site"]["troubles"]
        )

    until(told, 60, "the heartbeat names the refused password")
    assert 1 <= site.site.camera("cam-1").refused <= 2
    assert "quite-wrong-77" not in site.log.read_text(encoding="utf-8")
    assert not any(b"quite-wrong-77" in one.payload for one in ear.messages)
    ear.close()


def test_events_wait_while_the_broker_is_away_and_go_at_the_next_start(
    tmp_path: Path, clips: Path
) -> None:
    broker = Broker(tmp_path, port=free_port())
    with house(tmp_path / "site", clips, broker.url, address="127.0.62.11") as site:
        agent = site.agent()
        with closing(Journal(tmp_path / "site" / "state" / "events.db")) as journal:
            until(lambda: waiting(journal) > 0, 90, "a backlog")
            agent.terminate()
            assert agent.wait(60) == 0
            facts = {event.id for event in journal.recent(100)}
            broker.start()
            ear = Ear(broker.url)
            site.agent()

            def heard() -> set[str]:
                lanes = ("event/alarm", "event/state", "event/bulk")
                return {one["id"] for lane in lanes for one in ear.said(lane)}

            until(lambda: facts <= heard(), 60, "the center hears what waited")
            until(lambda: waiting(journal) == 0, 60, "the outbox empties")
            ear.close()
        broker.kill()


def test_a_damaged_model_stops_vision_in_words_and_not_the_recording(
    tmp_path: Path, clips: Path, center: Broker
) -> None:
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models, ignore=shutil.ignore_patterns("train"))
    for damaged in models.glob("person*.bin"):
        content = bytearray(damaged.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
    change = [("\nmqtt:\n", f"\nvision:\n  models: {models}\n\nmqtt:\n")]
    ear = Ear(center.url)
    with house(tmp_path / "site", clips, center.url, address="127.0.63.11", change=change) as site:
        site.agent()

        def told() -> bool:
            return any(
                trouble["code"] == "model.damaged"
                for beat in ear.said("/heartbeat")
                for trouble in beat["site"]["troubles"]
            )

        until(told, 60, "the heartbeat names the damaged model")
        until(lambda: "cam-1" in site.recordings.totals(), 60, "a recorded segment")
        until(
            lambda: any(one["state"] == "blind" for one in ear.said("camera/cam-1/state")),
            60,
            "the camera is said to be blind",
        )
    ear.close()


def test_a_clip_that_is_no_video_is_refused_by_name(tmp_path: Path) -> None:
    said = run("demo", "--folder", str(tmp_path / "demo"), "--video", str(ROOT / "README.md"))
    assert said.returncode == 1
    assert "README.md" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_demo_never_empties_a_strangers_folder(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep me")
    said = run("demo", "--folder", str(tmp_path))
    assert said.returncode == 1
    assert (tmp_path / "precious").exists()
