"""The credentials file: who may read it, what it says, and that it is said nowhere else."""

import pickle
from pathlib import Path

import pytest

from edge_agent.config.loader import ConfigTrouble
from edge_agent.config.secrets import Credentials, read_credentials
from edge_agent.core.trouble import Trouble

GOOD = """
cameras:
  default: {user: edge, password: 'Quan-Su-2021'}
  cong: {user: 0123, password: 0x1F}
mqtt: {user: a-school, password: "it's # fine"}
"""


class Hidden(list[str]):
    """What was handed over to be filtered from the logs."""

    def __call__(self, secrets: object) -> None:
        assert isinstance(secrets, object)
        self.extend(secrets)  # type: ignore[call-overload]


@pytest.fixture
def hidden() -> Hidden:
    return Hidden()


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "credentials.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_users_and_passwords_are_the_text_that_was_typed(tmp_path: Path, hidden: Hidden) -> None:
    credentials = read_credentials(write(tmp_path, GOOD), hidden)
    camera, other = credentials.camera("default"), credentials.camera("cong")
    assert camera is not None
    assert other is not None
    assert credentials.mqtt is not None
    assert (camera.user, camera.password) == ("edge", "Quan-Su-2021")
    assert (other.user, other.password) == ("0123", "0x1F")
    assert credentials.mqtt.password == "it's # fine"
    assert credentials.camera("nobody") is None
    assert credentials.warnings == ()


def test_credentials_can_be_handed_to_a_child_process(tmp_path: Path, hidden: Hidden) -> None:
    credentials = read_credentials(write(tmp_path, GOOD), hidden)
    assert pickle.loads(pickle.dumps(credentials)) == credentials


def test_every_password_is_hidden_from_the_logs_and_from_repr(
    tmp_path: Path, hidden: Hidden
) -> None:
    credentials = read_credentials(write(tmp_path, GOOD), hidden)
    assert {"Quan-Su-2021", "0x1F", "it's # fine"} <= set(hidden)
    assert "Quan-Su-2021" not in repr(credentials)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o700])
def test_a_file_that_others_could_read_is_refused(
    tmp_path: Path, hidden: Hidden, mode: int
) -> None:
    with pytest.raises(Trouble) as caught:
        read_credentials(write(tmp_path, GOOD, mode), hidden)
    assert caught.value.code == "credentials.open_to_others"
    assert "chmod 600" in caught.value.en


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_taken(tmp_path: Path, hidden: Hidden, mode: int) -> None:
    assert read_credentials(write(tmp_path, GOOD, mode), hidden).mqtt is not None


def test_what_systemd_loaded_goes_first_whatever_its_mode(
    tmp_path: Path, hidden: Hidden, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = tmp_path / "credentials"
    loaded.write_text("mqtt: {user: from-systemd, password: Rat-Bi-Mat-1}\n")
    loaded.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    credentials = read_credentials(write(tmp_path, GOOD, 0o644), hidden)
    assert credentials.mqtt is not None
    assert credentials.mqtt.user == "from-systemd"


def test_no_file_is_a_warning_with_what_to_do(tmp_path: Path, hidden: Hidden) -> None:
    credentials = read_credentials(tmp_path / "nowhere.yaml", hidden)
    assert isinstance(credentials, Credentials)
    assert [warning.code for warning in credentials.warnings] == ["credentials.missing"]


@pytest.mark.parametrize(
    "login",
    [
        "{user: admin, password: admin}",
        "{user: admin, password: '12345'}",
        "{user: admin, password: ADMIN123}",
        "{user: to-truc, password: to-truc}",
        "{user: admin, password: }",
        "{user: admin}",
    ],
)
def test_factory_and_empty_passwords_are_warned_of(
    tmp_path: Path, hidden: Hidden, login: str
) -> None:
    credentials = read_credentials(write(tmp_path, f"cameras: {{default: {login}}}\n"), hidden)
    (warning,) = credentials.warnings
    assert warning.code == "credentials.weak"
    assert "cameras.default" in warning.en


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cameras: [Quan-Su-2021]\n", "must be a block"),
        ("cameras: {default: Quan-Su-2021}\n", "must be a block"),
        ("cameras: {default: {user: a, pasword: Quan-Su-2021}}\n", "no such key"),
        ("cameras: {default: {user: a, password: [Quan-Su-2021]}}\n", "one line of text"),
        ("cameras: {default: {password: Quan-Su-2021}}\n", "user name is missing"),
        ("mqtt: {user: a, password: !Quan-Su-2021}\n", "syntax"),
        ("mqtt:\n  password: !Quan-Su-2021\n", "in quotes"),
        ("mqtt: {user: a, password: *Quan-Su-2021}\n", "undefined alias"),
        ("mqtt: {user: a, password: 'Quan-Su-2021}\n", "syntax"),
        ("mqtt:\n  Quan-Su-2021:\n", "no such key"),
        ("Quan-Su-2021\n", "must be a block"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_without_the_password(
    tmp_path: Path, hidden: Hidden, text: str, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigTrouble) as caught:
        read_credentials(path, hidden)
    everything = str(caught.value)
    assert said in everything
    assert f"{path}:" in everything
    assert "Quan-Su" not in everything


def test_an_empty_template_has_no_logins(tmp_path: Path, hidden: Hidden) -> None:
    credentials = read_credentials(write(tmp_path, "cameras: {}\nmqtt: ~\n"), hidden)
    assert (dict(credentials.cameras), credentials.mqtt) == ({}, None)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path, hidden: Hidden) -> None:
    with pytest.raises(Trouble) as caught:
        read_credentials(tmp_path, hidden)
    assert caught.value.code == "credentials.unreadable"
