"""The credentials file: the only place for passwords, and who may read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.config.document import LARGEST, Document, Finding, Loc, parse
from edge_agent.config.environment import credentials_directory
from edge_agent.config.loader import ConfigTrouble, render
from edge_agent.core.secret import Credential
from edge_agent.core.trouble import Trouble

Hide = Callable[[Iterable[str]], None]

SITE = ("cameras", "mqtt")
CENTER = ("mqtt", "database")
_ALONE = ("mqtt", "database")  # one login each, not a list of names

# What cameras leave the factory with, as the makers' own manuals and installers' lists have it.
_MAKERS = (
    "admin 12345 123456 1234 4321 888888 666666 111111 1111111 1234567 12345678 123456789 000000 "
    "9999 admin123 admin12345 admin1234 hik12345 abcd1234 password pass root default user guest "
    "camera service supervisor system ubnt meinsm fliradmin jvc ikwb tljwpbo6 xc3511 vizxv "
    "juantech ipcam 54321 operator support"
)
FACTORY = frozenset(_MAKERS.split())


@dataclass(frozen=True, slots=True)
class Credentials:
    """Users and passwords of one site, or of a center (`mqtt`, `database`); `warnings` is what a
    person should mend but may run with.

    A camera's credential is looked up by the name that its entry gives (`default` if none).
    """

    cameras: Mapping[str, Credential]
    mqtt: Credential | None = None
    warnings: tuple[Trouble, ...] = ()
    database: Credential | None = None

    def camera(self, name: str) -> Credential | None:
        """The credential of this name, else None (the camera then gets no password at all)."""
        return self.cameras.get(name)


def read_credentials(path: Path, hide: Hide, blocks: tuple[str, ...] = SITE) -> Credentials:
    """The credentials of the site; every password is given to `hide` before anything else.

    `hide` is `runtime.logs.hide`, `blocks` what the file may hold (`SITE` or `CENTER`). What
    systemd loaded for this unit as `credentials` goes before `path`. Raises Trouble
    `credentials.open_to_others` if others could read the file, ConfigTrouble with every fault of
    its form. A file that is not there is a warning: cameras and brokers without passwords exist.
    """
    systemd = credentials_directory()
    given = systemd / "credentials" if systemd else None
    try:
        chosen = given if given and given.exists() else path
        raw = _bytes(chosen, trusted=chosen == given)
    except FileNotFoundError:
        return Credentials({}, None, (_missing(path),))
    except OSError as error:
        unread = Path(error.filename or path)
        raise _unreadable(unread, error.strerror or str(error)) from error
    document = Document()
    parse(raw, document)
    return _judge(chosen, document, hide, blocks)


def _bytes(path: Path, *, trusted: bool) -> bytes:
    """The file's bytes, from the same open file whose owner and mode were looked at."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        mode = stat.S_IMODE(status.st_mode)
        if not trusted and (mode & 0o177 or status.st_uid not in (0, os.geteuid())):
            raise _open_to_others(path, mode, status.st_uid)
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise _unreadable(path, f"> {LARGEST} bytes")
    return raw


def _judge(path: Path, document: Document, hide: Hide, blocks: tuple[str, ...]) -> Credentials:
    data = document.data if document.data is not None else {}
    hide(_passwords(data))
    findings = [*document.findings, *_form(data, blocks)]
    if findings:
        raise ConfigTrouble(path, render(path, document, findings))
    cameras = {name: _credential(one) for name, one in (data.get("cameras") or {}).items()}
    alone = {name: _credential(data[name]) for name in blocks if name in _ALONE and data.get(name)}
    named = {f"cameras.{name}": one for name, one in cameras.items()} | alone
    warnings = tuple(_weak(path, name) for name, one in named.items() if weak(one))
    return Credentials(cameras, alone.get("mqtt"), warnings, alone.get("database"))


def weak(credential: Credential) -> bool:
    """Whether a stranger would try this password first: empty, a factory's, or the user's name."""
    password = credential.password.lower()
    return not password or password in FACTORY or password == credential.user.lower()


def _credential(login: dict[str, Any]) -> Credential:
    return Credential(login.get("user") or "", login.get("password") or "")


def _passwords(value: Any) -> Iterator[str]:
    """Every text of the file but user names, wherever it stands: a misplaced password is one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "user":
                yield from _passwords(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _passwords(inner)
    elif isinstance(value, str):
        yield value


def _form(data: Any, blocks: tuple[str, ...]) -> Iterator[Finding]:
    """What is wrong with the shape of the file; no value is ever repeated."""
    if not isinstance(data, dict):
        yield _block((), ", ".join(blocks))
        return
    yield from _unknown(data, (), blocks)
    cameras = data.get("cameras") or {}
    if isinstance(cameras, dict):
        for name, login in cameras.items():
            yield from _login(login, ("cameras", name))
    else:
        yield _block(("cameras",), "default, …")
    for name in _ALONE:
        if data.get(name) is not None:
            yield from _login(data[name], (name,))


def _login(login: Any, loc: Loc) -> Iterator[Finding]:
    if not isinstance(login, dict):
        yield _block(loc, "user, password")
        return
    yield from _unknown(login, loc, ("user", "password"))
    for key in ("user", "password"):
        if isinstance(login.get(key), dict | list):
            yield Finding(
                (*loc, key),
                "phải là một dòng chữ; đặt trong dấu nháy",
                "must be one line of text; put it in quotes",
            )
    if not login.get("user"):
        yield Finding((*loc, "user"), "thiếu tên đăng nhập", "the user name is missing")


def _block(loc: Loc, keys: str) -> Finding:
    return Finding(loc, f"phải là một khối khóa: {keys}", f"must be a block of keys: {keys}")


def _unknown(block: dict[str, Any], loc: Loc, known: tuple[str, ...]) -> Iterator[Finding]:
    names = ", ".join(known)
    for key in block:
        if key not in known:  # the key itself may be a mistyped password
            yield Finding(
                (*loc, key) if key.isidentifier() and len(key) < 12 else (*loc, "?"),
                f"không có khóa này; ở đây chỉ có: {names}",
                f"there is no such key; allowed here: {names}",
                0,
            )


def _weak(path: Path, name: str) -> Trouble:
    return Trouble(
        "credentials.weak",
        f"{path}: mật khẩu của '{name}' trống hoặc là mật khẩu mặc định của nhà sản xuất. "
        "Đặt mật khẩu riêng trên thiết bị rồi ghi lại vào tệp này.",
        f"{path}: the password of '{name}' is empty or a factory default. "
        "Set one of its own on the device, then write it in this file.",
    )


def _missing(path: Path) -> Trouble:
    return Trouble(
        "credentials.missing",
        f"Không có tệp {path}; camera và máy chủ MQTT có mật khẩu sẽ từ chối. "
        "Sao chép configs/credentials.example.yaml, đặt quyền 0600.",
        f"There is no {path}; cameras and brokers that want a password will refuse us. "
        "Copy configs/credentials.example.yaml and give it mode 0600.",
    )


def _open_to_others(path: Path, mode: int, owner: int) -> Trouble:
    return Trouble(
        "credentials.open_to_others",
        f"Người khác đọc được {path} (quyền {mode:04o}, chủ uid {owner}). "
        f"Chạy: chown $(id -u) {path} && chmod 600 {path}; "
        "đổi mật khẩu nếu máy có người dùng khác.",
        f"Others can read {path} (mode {mode:04o}, owner uid {owner}). "
        f"Run: chown $(id -u) {path} && chmod 600 {path}; "
        "change the passwords if the box has other users.",
    )


def _unreadable(path: Path, why: str) -> Trouble:
    return Trouble(
        "credentials.unreadable",
        f"Không đọc được {path}: {why}. Kiểm tra chủ sở hữu và quyền 0600.",
        f"{path} cannot be read: {why}. Check its owner and mode 0600.",
    )
