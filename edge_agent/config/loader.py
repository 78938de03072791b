"""`site.yaml` → Config, or every error of the file at once as `file:line: key: what / what`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edge_agent.config.checks import cross_checks
from edge_agent.config.document import Document, Finding, Loc, read, spell
from edge_agent.config.schema import Config
from edge_agent.config.slice import Slice
from edge_agent.config.words import USERINFO, fault
from edge_agent.core.trouble import Trouble

_SECRET_KEY = re.compile(r"(?i)(^|_)(user(name)?|pass(w(or)?d|phrase)?|pwd|secret|token|matkhau)$")
_SECRET_QUERY = re.compile(r"(?i)://.*(passw(or)?d|pwd|token)=")


class ConfigTrouble(Trouble):
    """Everything that is wrong with a configuration file, one line each in `lines`."""

    def __init__(
        self, path: Path, lines: tuple[str, ...], check: str = "edge-agent check-config"
    ) -> None:
        super().__init__(
            "config.invalid",
            f"{path}: {len(lines)} lỗi; chưa khởi động gì. Sửa rồi chạy: {check}",
            f"{path}: {len(lines)} errors; nothing was started. Mend them, then run: {check}",
        )
        self.path = path
        self.lines = lines
        self.check = check

    def __str__(self) -> str:
        return "\n".join((*self.lines, f"{self.vi}\n  {self.en}"))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.lines, self.check)


def load(path: Path) -> Config:
    """The configuration in this file, its relative paths made absolute from where the file is.

    Raises ConfigTrouble with every error of the file: form, keys, values, and what values say
    about each other. Nothing is read but the file and, by name only, the files that it names.
    """
    document = read(path)
    config, findings = judge(document, path.absolute().parent)
    if config is None or findings:
        raise ConfigTrouble(path, render(path, document, findings))
    return config


def judge(document: Document, folder: Path) -> tuple[Config | None, list[Finding]]:
    """The Config that a document says, as far as it can be read, and all that is wrong."""
    findings = list(document.findings)
    if document.data is None and findings:
        return None, findings
    findings += secrets_in(document.data, ())
    findings += faults(document.data, Config, findings)
    broken = [found.loc for found in findings]
    config, entries = readable(document.data, broken)
    if config is None:
        return None, findings
    config = absolute(config, folder)
    findings += [
        check.finding(entries)
        for check in cross_checks(config)
        if not check.touches(broken, entries)
    ]
    return config, findings


def render(path: Path, document: Document, findings: list[Finding]) -> tuple[str, ...]:
    """The findings as lines in the order of the file."""
    placed = {replace(found, line=found.line or document.line(found.loc)) for found in findings}
    return tuple(
        f"{path}:{found.line}: {spell(found.loc) or 'yaml'}: {found.vi} / {found.en}"
        for found in sorted(placed, key=lambda one: (one.line, spell(one.loc), one.en))
    )


def secrets_in(value: Any, loc: Loc) -> Iterator[Finding]:
    """Users and passwords in the wrong file; what they are is not repeated."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if _SECRET_KEY.search(key):
                yield _misplaced((*loc, key))
            else:
                yield from secrets_in(inner, (*loc, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from secrets_in(inner, (*loc, at))
    elif isinstance(value, str) and (USERINFO.search(value) or _SECRET_QUERY.search(value)):
        yield _misplaced(loc)


def _misplaced(loc: Loc) -> Finding:
    return Finding(
        loc,
        "tên đăng nhập và mật khẩu không được ở tệp này; ghi vào tệp credentials (quyền 0600), "
        "xem configs/credentials.example.yaml",
        "users and passwords must not be in this file; write them in the credentials file "
        "(mode 0600), see configs/credentials.example.yaml",
    )


def faults(data: Any, root: type[Slice], findings: list[Finding]) -> list[Finding]:
    """What the schema of the whole file has against it, but for places told about already."""
    try:
        root.model_validate(data)
    except ValidationError as error:
        found = [dict(one) for one in error.errors(include_url=False)]
        told = [fault(one, root) for one in found if not _consequence(one, found)]
        return [one for one in told if not _known(one.loc, findings)]
    return []


def _consequence(one: dict[str, Any], found: list[dict[str, Any]]) -> bool:
    """Whether a list is too short only because members of it are wrong themselves."""
    loc = one["loc"]
    return one["type"] == "too_short" and any(
        other["loc"][: len(loc)] == loc for other in found if other is not one
    )


def _known(loc: Loc, findings: list[Finding]) -> bool:
    """Whether this place, or one around it, has been told about already."""
    return any(found.loc and loc[: len(found.loc)] == found.loc for found in findings)


def readable(data: Any, broken: list[Loc]) -> tuple[Config | None, list[int]]:
    """What is left of the file without its broken places, so that the rest is judged as well;
    and, as cameras may be missing now, the place in the file of each that stayed.
    """
    if not isinstance(data, dict):
        return None, []
    data = deepcopy(data)
    for loc in broken:
        drop(data, loc)
    site = data.get("site")
    data["site"] = {"id": "unnamed", **(site if isinstance(site, dict) else {})}
    cameras = data.get("cameras") or []
    entries = [at for at, one in enumerate(cameras) if isinstance(one, dict) and "id" in one]
    data["cameras"] = [cameras[at] for at in entries]
    try:
        return Config.model_validate(data), entries
    except ValidationError:
        return None, []


def drop(data: dict[str, Any], loc: Loc) -> None:
    """Remove the key at this place; inside a list, the key that holds the list. A camera loses
    the whole block in which something is broken, and itself where nothing else is left of it.
    """
    around: Any = data
    keys = loc
    if loc[:1] == ("cameras",) and len(loc) > 1:
        if len(loc) == 2:
            data["cameras"][loc[1]] = None
            return
        around, keys = data["cameras"][loc[1]], loc[2:3]
    while len(keys) > 1 and isinstance(around, dict) and isinstance(around.get(keys[0]), dict):
        around, keys = around[keys[0]], keys[1:]
    if isinstance(around, dict) and keys:
        around.pop(keys[0], None)


def absolute(config: Config, folder: Path) -> Config:
    """The same configuration with every path absolute; relative ones start at `folder`."""

    def at(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    storage = config.storage
    return config.model_copy(
        update={
            "credentials": at(config.credentials),
            "storage": storage.model_copy(
                update={"state": at(storage.state), "recordings": at(storage.recordings)}
            ),
            "commands": config.commands.model_copy(
                update={"keys": tuple(folder / key for key in config.commands.keys)}
            ),
            "vision": config.vision.model_copy(update={"models": at(config.vision.models)}),
            "mqtt": config.mqtt.model_copy(
                update={
                    "ca": at(config.mqtt.ca),
                    "certificate": at(config.mqtt.certificate),
                    "key": at(config.mqtt.key),
                }
            ),
        }
    )
