"""The demo is the main job: it runs, judges itself, and its exit status can be believed."""

from pathlib import Path

from tests.e2e.house import run

SMALL = ("--cameras", "1", "--address", "127.0.80.11")


def test_the_main_job_really_happens(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    said = run("demo", "--folder", str(folder), "--seconds", "35", *SMALL)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Every stage really happened" in said.stdout
    assert said.stdout.count("✓") == 5
    assert list((folder / "recordings").rglob("*.mp4"))
    assert list((folder / "state" / "stills").rglob("*.jpg"))
    secret = (folder / "credentials.yaml").read_text().split("password:")[1].split('"')[1]
    assert secret not in (folder / "agent.log").read_text()
    assert secret not in (folder / "site.yaml").read_text()


def test_a_demo_whose_broker_does_not_answer_names_the_stages(tmp_path: Path) -> None:
    said = run(
        "demo", "--folder", str(tmp_path / "demo"), "--seconds", "12", *SMALL,
        "--broker", "mqtt://127.0.0.1:1",
    )  # fmt: skip
    assert said.returncode == 1
    assert "DID NOT HAPPEN" in said.stdout
    assert "delivered" in said.stdout.split("DID NOT HAPPEN")[1]
    assert "discovered" not in said.stdout.split("DID NOT HAPPEN")[1]
