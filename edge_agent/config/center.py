"""Every key of `center.yaml`, and the file → CenterConfig with every error at once.

A key exists here, in `configs/center.example.yaml` and nowhere else; a test compares both ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from edge_agent.config.check import Check
from edge_agent.config.checks import broker, broker_line, no_file, time_zone
from edge_agent.config.document import Document, Finding, Loc, read
from edge_agent.config.loader import ConfigTrouble, drop, faults, render, secrets_in
from edge_agent.config.schema import BrokerLine, BrokerUrl, Log
from edge_agent.config.slice import Slice, Slug
from edge_agent.config.values import Bytes, Duration

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$")]
IpAddress = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f.:]{2,39}$")]
DatabaseUrl = Annotated[str, StringConstraints(pattern=r"^$|^postgresql://[^@\s]*$")]


class Center(Slice):
    """Who we are: `id` stands in `center/state`."""

    id: Slug = "center"
    name: str = ""
    timezone: str = "Asia/Ho_Chi_Minh"


class CenterStorage(Slice):
    """Where things are kept. `database` empty means SQLite (`center.db` in the state folder)."""

    state: Path = Path("state")
    database: DatabaseUrl = ""


class Ingest(Slice):
    """How messages become rows: at most `batch` of them, or `wait`, in one transaction.

    `late` and `skew` mark; `quarantine_rows` and `quarantine_bytes` cap what is kept of what one
    site sends wrong. Beyond them it is counted, and the site keeps it.
    """

    workers: int = Field(default=1, ge=1, le=64)
    batch: int = Field(default=200, ge=1, le=1000)
    wait: Duration = Field(default=0.02, le=1)
    late: Duration = Field(default=300.0, ge=1)
    skew: Duration = Field(default=2.0, ge=0.5, le=600)
    quarantine_rows: int = Field(default=1000, ge=1, le=100_000)
    quarantine_bytes: Bytes = Field(default=20_000_000, ge=100_000)


class Silence(Slice):
    """When a site counts as silent, and when somebody would be told of it.

    `heartbeat` is what the sites are set to; two missed make a site silent. A person is told when
    it has been offline or silent for `hold_down`.
    """

    heartbeat: Duration = Field(default=30.0, ge=1, le=300)
    hold_down: Duration = Field(default=90.0, ge=1, le=3600)


class Https(Slice):
    """The door for sites that are not on the broker yet: enrolment, renewal, uploads.

    `host` is the name by which sites call this machine, `broker` the URL that they are told,
    `unlock` the file with the passphrase of the authority's key, where it has one.
    """

    enabled: bool = False
    address: IpAddress = "0.0.0.0"  # noqa: S104 - sites come from everywhere
    port: int = Field(default=8443, ge=0, le=65535)
    host: HostName = "localhost"
    broker: BrokerUrl = "mqtts://localhost:8883"
    unlock: Path | None = None


class CenterConfig(Slice):
    """The whole of `center.yaml`."""

    center: Center = Center()
    storage: CenterStorage = CenterStorage()
    credentials: Path = Path("credentials.yaml")
    mqtt: BrokerLine = BrokerLine()
    https: Https = Https()
    ingest: Ingest = Ingest()
    silence: Silence = Silence()
    log: Log = Log()


def load_center(path: Path) -> CenterConfig:
    """The center's configuration in this file, its relative paths made absolute from there.

    Raises ConfigTrouble with every error of the file: form, keys, values, and what values say
    about each other. Nothing is read but the file and, by name only, the files that it names.
    """
    document = read(path)
    config, findings = judge_center(document, path.absolute().parent)
    if config is None or findings:
        lines = render(path, document, findings)
        raise ConfigTrouble(path, lines, "edge-agent center check-config")
    return config


def judge_center(document: Document, folder: Path) -> tuple[CenterConfig | None, list[Finding]]:
    """The configuration that a document says, as far as it can be read, and all that is wrong."""
    findings = list(document.findings)
    if document.data is None and findings:
        return None, findings
    findings += secrets_in(document.data, ())
    findings += faults(document.data, CenterConfig, findings)
    broken = [found.loc for found in findings]
    config = _readable(document.data, broken)
    if config is None:
        return None, findings
    config = _absolute(config, folder)
    findings += [one.finding([]) for one in _checks(config) if not one.touches(broken, [])]
    return config, findings


def _readable(data: Any, broken: list[Loc]) -> CenterConfig | None:
    """What is left of the file without its broken places, so that the rest is judged as well."""
    if not isinstance(data, dict):
        return None
    data = deepcopy(data)
    for loc in broken:
        drop(data, loc)
    try:
        return CenterConfig.model_validate(data)
    except ValidationError:
        return None


def _checks(config: CenterConfig) -> Iterator[Check]:
    yield from time_zone(("center", "timezone"), config.center.timezone)
    yield from broker_line(config.mqtt)
    yield from _https(config.https)


def _https(https: Https) -> Iterator[Check]:
    try:
        ip_address(https.address)
    except ValueError:
        yield Check(("https", "address"), "phải là địa chỉ IP", "must be an IP address")
    if not https.broker.startswith("mqtts://") or broker(https.broker)[1] is None:
        yield Check(
            ("https", "broker"),
            "phải là mqtts://máy[:cổng], như cơ sở gọi",
            "must be mqtts://host[:port], as sites call it",
        )
    if https.unlock and not https.unlock.is_file():
        yield no_file(("https", "unlock"), https.unlock)


def _absolute(config: CenterConfig, folder: Path) -> CenterConfig:
    """The same configuration with every path absolute; relative ones start at `folder`."""

    def at(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    mqtt, storage = config.mqtt, config.storage
    pem = {name: at(getattr(mqtt, name)) for name in ("ca", "certificate", "key")}
    return config.model_copy(
        update={
            "credentials": at(config.credentials),
            "storage": storage.model_copy(update={"state": at(storage.state)}),
            "mqtt": mqtt.model_copy(update=pem),
            "https": config.https.model_copy(update={"unlock": at(config.https.unlock)}),
        }
    )
