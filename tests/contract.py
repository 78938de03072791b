"""The contract page as a judge: is this message one that it describes?"""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from edge_agent.link.publisher import Received

FOLDER = Path(__file__).parent.parent / "docs" / "contract"


@dataclass(frozen=True)
class Channel:
    """One topic of the page: who may say what there."""

    name: str
    address: re.Pattern[str]
    messages: Mapping[str, Mapping[str, Any]]  # by content type


@cache
def page() -> dict[str, Any]:
    """The AsyncAPI document."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    return found


@cache
def channels() -> tuple[Channel, ...]:
    """Every channel of the page."""
    return tuple(_channel(name, said) for name, said in page()["channels"].items())


def _channel(name: str, said: Mapping[str, Any]) -> Channel:
    pattern = re.escape(said["address"]).replace(r"\{", "{").replace(r"\}", "}")
    messages = [resolve(one["$ref"]) for one in said["messages"].values()]
    address = re.compile(re.sub(r"\{\w+\}", "[^/+#]+", pattern))
    return Channel(name, address, {one["contentType"]: one for one in messages})


def resolve(ref: str) -> Any:
    """What `#/…` names in the page."""
    found: Any = page()
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


@cache
def validator(name: str) -> Draft202012Validator:
    """The schema file of this name."""
    schemas = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("schemas/*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (key, Resource.from_contents(value)) for key, value in schemas.items()
    )
    checker = FormatChecker()
    return Draft202012Validator(schemas[name], registry=registry, format_checker=checker)


def check(message: Received) -> str:
    """The name of the channel to which the message keeps; AssertionError says how it does not."""
    found = [one for one in channels() if one.address.fullmatch(message.topic)]
    assert len(found) == 1, f"{message.topic}: {len(found)} channels"
    (channel,) = found
    said = channel.messages.get(message.content_type)
    assert said, f"{message.topic}: content type {message.content_type!r} is not on the page"
    if "headers" in said:
        _validate(message.topic, said["headers"]["$ref"], dict(message.labels))
    if "payload" in said:
        _validate(message.topic, said["payload"]["$ref"], _payload(message))
    else:
        assert message.payload.startswith(b"\xff\xd8"), "no JPEG"
        assert len(message.payload) <= 8000
    return channel.name


def _payload(message: Received) -> Any:
    packed = message.content_type.endswith("+zlib")
    return json.loads(zlib.decompress(message.payload) if packed else message.payload)


def _validate(topic: str, ref: str, value: Any) -> None:
    wrong = [
        f"{error.json_path}: {error.message}"
        for error in validator(Path(ref).name).iter_errors(value)
    ]
    assert not wrong, f"{topic}: {wrong}"
