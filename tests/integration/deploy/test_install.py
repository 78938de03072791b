"""The shell scripts and the units, as far as a test may go without being root of a new machine."""

import re
import subprocess
from pathlib import Path

import pytest

from edge_agent.center.authority.home import Home
from edge_agent.center.authority.names import CENTER
from edge_agent.config.center import load_center
from edge_agent.config.loader import load

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = sorted((ROOT / "deploy").rglob("*.sh"))
SITE_UNITS = [ROOT / "systemd" / f"edge-agent{name}.service" for name in ("-recorder", "")]
CENTER_UNITS = sorted((ROOT / "systemd").glob("edge-agent-center*"))
UNITS = SITE_UNITS + CENTER_UNITS
WORST = {  # tenths; systemd-analyze(1)
    "edge-agent-recorder.service": 15,
    "edge-agent.service": 20,
    "edge-agent-center.service": 15,
    "edge-agent-center-revocations.service": 15,
}


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_plain_sh(script: Path) -> None:
    done = run("sh", "-n", script)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_installation_is_whole_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    command = ["sh", ROOT / "deploy/install.sh", "--root", tmp_path, "--no-venv"]
    first = run(*command)
    assert (first.returncode, first.stderr) == (0, "")
    assert "check-config" in first.stdout
    etc = tmp_path / "etc/edge-agent"
    assert load(etc / "site.yaml").site.id == "example-site"
    assert (etc / "credentials.yaml").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "var/lib/edge-agent").stat().st_mode & 0o777 == 0o770
    assert (tmp_path / "opt/edge-agent/models/manifest.yaml").is_file()
    for unit in SITE_UNITS:
        assert (tmp_path / "etc/systemd/system" / unit.name).read_text() == unit.read_text()
    second = run(*command)
    assert (second.returncode, second.stdout) == (0, "Không có gì thay đổi. / Nothing changed.\n")


def test_a_configuration_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    etc = tmp_path / "etc/edge-agent"
    etc.mkdir(parents=True)
    (etc / "site.yaml").write_text("site: {id: mine}\n")
    (etc / "credentials.yaml").write_text("mqtt: {user: mine, password: 'Quan-Su-2021'}\n")
    assert run("sh", ROOT / "deploy/install.sh", "--root", tmp_path, "--no-venv").returncode == 0
    assert (etc / "site.yaml").read_text() == "site: {id: mine}\n"
    assert "Quan-Su-2021" in (etc / "credentials.yaml").read_text()
    assert (etc / "credentials.yaml").stat().st_mode & 0o777 == 0o600


def test_a_center_is_whole_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    command = ["sh", ROOT / "deploy/center/install.sh", "--root", tmp_path, "--no-venv"]
    first = run(*command)
    assert (first.returncode, first.stderr) == (0, "")
    assert "ca init" in first.stdout
    etc, state = tmp_path / "etc/edge-agent-center", tmp_path / "var/lib/edge-agent-center"
    assert load_center(etc / "center.yaml").center.id == "example-center"
    assert (etc / "credentials.yaml").stat().st_mode & 0o777 == 0o600
    assert (state.stat().st_mode & 0o7777, (state / "broker").stat().st_mode & 0o7777) == (
        0o711,
        0o2750,
    )
    for unit in CENTER_UNITS:
        assert (tmp_path / "etc/systemd/system" / unit.name).read_text() == unit.read_text()
    for shipped, placed in (
        ("acl", "edge-agent-center.acl"),
        ("mosquitto.conf", "conf.d/edge-agent-center.conf"),
    ):
        text = (ROOT / "deploy/center" / shipped).read_text()
        assert (tmp_path / "etc/mosquitto" / placed).read_text() == text
    second = run(*command)
    assert (second.returncode, second.stdout) == (0, "Không có gì thay đổi. / Nothing changed.\n")


def test_what_the_broker_s_settings_name_is_what_the_installer_and_the_authority_make() -> None:
    conf = (ROOT / "deploy/center/mosquitto.conf").read_text()
    home = Home(Path("/var/lib/edge-agent-center"))
    named = {Path(word) for word in re.findall(r" (/\S+)$", conf, re.MULTILINE)}
    acl = Path("/etc/mosquitto/edge-agent-center.acl")
    assert named == {home.broker_authority, home.broker_identity, home.revocations, acl}
    assert f"user {CENTER}\n" in (ROOT / "deploy/center/acl").read_text()
    watched = (ROOT / "systemd/edge-agent-center-revocations.path").read_text()
    assert f"PathChanged={home.broker}\n" in watched


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    for script in ("deploy/install.sh", "deploy/center/install.sh"):
        assert run("sh", ROOT / script, "--rot", tmp_path).returncode == 2


def test_every_package_has_its_reason() -> None:
    text = (ROOT / "deploy/packages.sh").read_text()
    for names in re.findall(r'_PACKAGES="([^"]+)"', text):
        for name in names.split():
            assert re.search(rf"^#\s.*\b{re.escape(name)}\b.*\s\s+\w", text, re.MULTILINE), name


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_to_say_about_a_unit(unit: Path, tmp_path: Path) -> None:
    """On a copy whose program exists here; `verify` ends with 0 even for unknown keys."""
    for one in UNITS:
        text = one.read_text().replace("/opt/edge-agent/venv/bin/edge-agent", "/bin/true")
        (tmp_path / one.name).write_text(text)
    done = run("systemd-analyze", "verify", tmp_path / unit.name)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.name in WORST], ids=lambda p: p.name
)
def test_a_unit_is_as_hard_as_we_say(unit: Path) -> None:
    done = run(
        "systemd-analyze", "security", "--offline=true", f"--threshold={WORST[unit.name]}", unit
    )
    assert done.returncode == 0, done.stdout


def test_the_agent_can_come_and_go_without_the_recorder_noticing() -> None:
    recorder = (ROOT / "systemd/edge-agent-recorder.service").read_text()
    agent = (ROOT / "systemd/edge-agent.service").read_text()
    assert "edge-agent.service" not in recorder
    assert not re.search(r"^(Requires|BindsTo|PartOf|Requisite|Upholds|Conflicts)=", agent, re.M)
    assert "--no-recorder" in agent
    for unit in (recorder, agent):
        assert "RestartPreventExitStatus=78" in unit
        assert "LoadCredential=credentials:/etc/edge-agent/credentials.yaml" in unit
        assert re.search(r"^WatchdogSec=\d+", unit, re.M)
