"""What a faulty value is told: what the place allows, in Vietnamese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, StringConstraints
from pydantic.fields import FieldInfo

from edge_agent.config.document import Finding, Loc, spell
from edge_agent.config.schema import Config
from edge_agent.config.values import parse_duration, parse_size, say_duration, say_size

USERINFO = re.compile(r"(?<=://)[^/@\s]*@|(?<=://)[^@\s]*:[^@\s]*@")
_UNIONS = (Union, type(int | str))

# What pydantic reports → what people read: {vi}, {en} is what is allowed, {got_vi}, {got_en} what
# was typed.
TEXTS: dict[str, tuple[str, str]] = {
    "missing": ("thiếu khóa bắt buộc này; cần {vi}", "this key is required; give {en}"),
    "too_short": ("cần ít nhất {least} mục, mới có {count}", "needs at least {least}, has {count}"),
    "too_long": ("tối đa {most} mục, đang có {count}", "takes at most {most}, has {count}"),
    "string_too_long": ("phải là {vi}", "must be {en}"),
}
OTHERWISE = ("phải là {vi}, nhận được {got_vi}", "must be {en}, got {got_en}")

_PATTERNS = {
    "^[a-z0-9]": (
        "chữ thường không dấu a-z, số và '-', tối đa 63 ký tự",
        "lower-case a-z, digits and '-', at most 63 characters",
    ),
    "^(?:[01]": (
        "giờ như 06:00-07:30; 22:00-05:00 qua nửa đêm; 00:00-24:00 cả ngày",
        "hours like 06:00-07:30; 22:00-05:00 over midnight; 00:00-24:00 all day",
    ),
    "^rtsp:": (
        "rtsp://máy[:cổng]/đường-dẫn, không có tên và mật khẩu",
        "rtsp://host[:port]/path, without user and password",
    ),
    "^$|^postgresql:": (
        "trống (SQLite), hoặc postgresql://máy[:cổng]/tên, không có tên đăng nhập và mật khẩu",
        "empty (SQLite), or postgresql://host[:port]/name, without user and password",
    ),
    "^[A-Za-z0-9][": (
        "tên máy hoặc địa chỉ IPv4, không có cổng",
        "a host name or an IPv4 address, without a port",
    ),
    "^[0-9A-Fa-f.:]": ("địa chỉ IP", "an IP address"),
    "^https:": (
        "https://máy[:cổng], không có tên, mật khẩu và đường dẫn",
        "https://host[:port], without user, password and path",
    ),
    "^mqtts?:": (
        "mqtts://máy[:cổng], không có tên, mật khẩu và đường dẫn",
        "mqtts://host[:port], without user, password and path",
    ),
}
_KINDS: dict[Any, tuple[str, str]] = {
    bool: ("true hoặc false", "true or false"),
    int: ("số nguyên", "a whole number"),
    float: ("số", "a number"),
    str: ("một dòng chữ", "text"),
    Path: ("đường dẫn tệp hoặc thư mục", "a path"),
    date: ("ngày như 2026-02-17", "a date like 2026-02-17"),
}


def fault(error: Mapping[str, Any], root: type[BaseModel] = Config) -> Finding:
    """One pydantic error as a finding; `root` is the schema of the whole file."""
    loc: Loc = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        return unknown_key(loc, root)
    annotation, meta = place(loc, root)
    vi, en = allowed(annotation, meta)
    got_vi, got_en = shown(error["input"])
    context = error.get("ctx", {})
    words = {
        "vi": vi,
        "en": en,
        "got_vi": got_vi,
        "got_en": got_en,
        "least": context.get("min_length", ""),
        "most": context.get("max_length", ""),
        "count": context.get("actual_length", ""),
    }
    texts = TEXTS.get(error["type"], OTHERWISE)
    return Finding(loc, texts[0].format(**words), texts[1].format(**words))


def unknown_key(loc: Loc, root: type[BaseModel] = Config) -> Finding:
    """A key that nothing reads, with the nearest one that exists."""
    key, around = str(loc[-1]), loc[:-1]
    model = block(place(around, root)[0]) or root
    near = get_close_matches(key, model.model_fields, n=1, cutoff=0.7)
    elsewhere = [spell(other) for other in every_key(root, ()) if other[-1] == key]
    if near:
        vi, en = f"ý bạn là '{near[0]}'?", f"did you mean '{near[0]}'?"
    elif elsewhere:
        vi, en = f"khóa này nằm ở {elsewhere[0]}", f"this key belongs at {elsewhere[0]}"
    else:
        names = ", ".join(model.model_fields)
        vi, en = f"ở đây chỉ có: {names}", f"allowed here: {names}"
    return Finding(loc, f"không có khóa '{key}'; {vi}", f"there is no key '{key}'; {en}")


def shown(value: object) -> tuple[str, str]:
    """A typed value as an error repeats it: short, one line, no user and password of a URL."""
    if value is None:
        return "giá trị trống", "nothing"
    if isinstance(value, dict):
        return "một khối khóa", "a block of keys"
    if isinstance(value, list | tuple):
        return "một danh sách", "a list"
    text = USERINFO.sub("***@", str(value))
    text = text if text.isprintable() else repr(text)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return text, text


def place(loc: Loc, root: type[BaseModel] = Config) -> tuple[Any, list[Any]]:
    """The type at a place of the schema and what constrains it; (root, []) at the top."""
    annotation: Any = root
    meta: list[Any] = []
    for part in loc:
        model = block(annotation)
        if model and part in model.model_fields:
            info: FieldInfo = model.model_fields[str(part)]
            annotation, meta = info.annotation, list(info.metadata)
        else:
            annotation, meta = item(annotation, part), []
        annotation, inner = unwrap(annotation)
        meta += inner
    return annotation, meta


def unwrap(annotation: Any) -> tuple[Any, list[Any]]:
    """The type inside Optional and Annotated, with the constraints met on the way."""
    meta: list[Any] = []
    while True:
        if get_origin(annotation) in _UNIONS:
            annotation = next(one for one in get_args(annotation) if one is not type(None))
        elif get_origin(annotation) is Annotated:
            annotation, *found = get_args(annotation)
            meta += found
        else:
            return annotation, meta


def block(annotation: Any) -> type[BaseModel] | None:
    """The slice that this type is, if it is one."""
    inner = unwrap(annotation)[0]
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def item(annotation: Any, part: str | int) -> Any:
    """The type of one member of a list."""
    arguments = [one for one in get_args(unwrap(annotation)[0]) if one is not Ellipsis]
    if not arguments:
        return str
    return arguments[min(part, len(arguments) - 1) if isinstance(part, int) else 0]


def every_key(model: type[BaseModel], around: Loc) -> Iterator[Loc]:
    """Every place of the schema that has a name; lists count once, as member 0."""
    for name, info in model.model_fields.items():
        loc: Loc = (*around, name)
        yield loc
        annotation = unwrap(info.annotation)[0]
        if get_origin(annotation) is tuple and block(item(annotation, 0)):
            annotation, loc = item(annotation, 0), (*loc, 0)
        inner = block(annotation)
        if inner:
            yield from every_key(inner, loc)


def allowed(annotation: Any, meta: list[Any]) -> tuple[str, str]:
    """What a place takes, in Vietnamese and English."""
    model = block(annotation)
    if model:
        names = ", ".join(model.model_fields)
        return f"một khối khóa: {names}", f"a block of keys: {names}"
    if get_origin(annotation) is Literal:
        choices = ", ".join(str(choice) for choice in get_args(annotation))
        return f"một trong: {choices}", f"one of: {choices}"
    if get_origin(annotation) is tuple:
        return _list(annotation)
    for one in meta:
        if isinstance(one, StringConstraints) and one.pattern:
            return next(
                text for start, text in _PATTERNS.items() if str(one.pattern).startswith(start)
            )
    return _measure(annotation, meta)


def _list(annotation: Any) -> tuple[str, str]:
    members = get_args(annotation)
    if Ellipsis in members:
        return "một danh sách ([a, b] hoặc mỗi dòng '- …')", "a list ([a, b] or lines '- …')"
    return f"danh sách {len(members)} số", f"a list of {len(members)} numbers"


def _measure(annotation: Any, meta: list[Any]) -> tuple[str, str]:
    """A number, duration or size with its bounds; or plain text."""
    parsers = [one.func for one in meta if isinstance(one, BeforeValidator)]
    vi, en = _KINDS.get(annotation, _KINDS[str])
    say: Any = lambda bound: f"{bound:g}"  # noqa: E731
    if parse_duration in parsers:
        vi, en, say = (
            "thời lượng như 10s hoặc 2m",
            "a duration like 10s or 2m",
            say_duration,
        )
    elif parse_size in parsers:
        vi, en, say = "dung lượng như 500MB hoặc 2GB", "a size like 500MB or 2GB", say_size
    for bound_vi, bound_en in _bounds(meta, say):
        vi, en = f"{vi}, {bound_vi}", f"{en}, {bound_en}"
    return vi, en


def _bounds(meta: list[Any], say: Any) -> Iterator[tuple[str, str]]:
    def bounds(name: str) -> list[float]:
        return [getattr(one, name) for one in meta if hasattr(one, name)]

    least, most, above, below = bounds("ge"), bounds("le"), bounds("gt"), bounds("lt")
    if above:
        yield f"lớn hơn {say(max(above))}", f"above {say(max(above))}"
    if below:
        yield f"nhỏ hơn {say(min(below))}", f"below {say(min(below))}"
    if least and max(least) > 0 and most:
        low, high = say(max(least)), say(min(most))
        yield f"từ {low} đến {high}", f"between {low} and {high}"
    elif most:
        yield f"không quá {say(min(most))}", f"at most {say(min(most))}"
    elif least and (max(least) > 0 or say not in (say_duration, say_size)):
        yield f"không dưới {say(max(least))}", f"at least {say(max(least))}"
