"""The commands of the authority and the desk that the long way (test_trust) does not take."""

import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from edge_agent.center.authority.keeper import Authority
from edge_agent.cli import app
from edge_agent.link.enrol import keys


class Officer:
    """Types commands at one center."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.state = ["--state", str(authority.home.folder)]
        path = folder / "center.yaml"
        settings = {
            "storage": {"state": str(authority.home.folder)},
            "https": {"host": "c.example"},
        }
        path.write_text(yaml.safe_dump(settings))
        self.config = ["--config", str(path)]

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["center", *words])

    def says(self, *words: str) -> str:
        done = self.types(*words)
        assert done.exit_code == 0, done.output
        return done.output


@pytest.fixture
def officer(authority: Authority, tmp_path: Path) -> Officer:
    return Officer(authority, tmp_path)


def test_a_request_that_was_made_with_openssl_is_signed_by_hand(
    officer: Officer, authority: Authority, tmp_path: Path
) -> None:
    key, csr, out = (tmp_path / name for name in ("k.pem", "r.pem", "c.pem"))
    subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", str(key), "-out", str(csr), "-subj", "/CN=khu-a"],
        check=True, capture_output=True,
    )  # fmt: skip
    words = "--csr", str(csr), "--out", str(out), *officer.state
    assert "khu-a" in officer.says("ca", "issue", "khu-a", *words)
    assert keys.read_certificate(out.read_text()).name == "khu-a"
    assert officer.types("ca", "issue", "khu-b", *words).exit_code == 1
    missing = officer.types(
        "ca", "issue", "khu-a", "--csr", "none", "--out", str(out), *officer.state
    )
    assert missing.exit_code == 1
    assert "none" in missing.output
    assert "khu-a\tsite\tvalid" in officer.says("ca", "list", *officer.state)
    assert len(authority.register.of("khu-a")) == 1


def test_certificates_are_renewed_for_other_hosts_and_the_list_is_written_anew(
    officer: Officer, authority: Authority
) -> None:
    assert officer.says("ca", "renew", *officer.state) == ""
    said = officer.says("ca", "renew", "--host", "other.example", *officer.state)
    assert "https.pem" in said
    assert "broker.pem" in said
    authority.home.revocations.unlink()
    officer.says("ca", "crl", *officer.state)
    assert authority.home.revocations.exists()


def test_a_slip_names_host_and_port_once_and_can_be_taken_back(officer: Officer) -> None:
    for host, center in (((), "C.EXAMPLE:8443"), (("--host", "10.0.0.1:99"), "10.0.0.1:99")):
        said = officer.says("enrolment", "new", "khu-a", "--who", "Lan", *host, *officer.config)
        (line,) = (one for one in said.splitlines() if one.startswith("QCAM1/"))
        assert line.split("/")[1] == center
        assert "█" in said, "the QR"
    refused = "--who", "Lan", "--reason", "in nhầm", *officer.config
    officer.says("enrolment", "refuse", "2", *refused)
    listed = officer.says("enrolment", "list", *officer.config)
    assert [row.split("\t")[1] for row in listed.splitlines()] == ["refused", "refused"]
    assert "in nhầm" in listed
    for wrong in (
        ("enrolment", "refuse", "2", *refused),
        ("enrolment", "approve", "9", "--who", "Lan", "--key", "0", *officer.config),
        ("enrolment", "new", "state", "--who", "Lan", *officer.config),
        ("enrolment", "new", "khu-a", "--who", "Lan", "--host", "a b", *officer.config),
        ("ca", "revoke", "khu-x", "--who", "Lan", "--reason", "x", *officer.state),
        ("ca", "init", "--host", "c.example", *officer.state),
    ):
        assert officer.types(*wrong).exit_code == 1, wrong
