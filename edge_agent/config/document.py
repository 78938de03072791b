"""A YAML file as plain text values with the line of each: safe against hostile or broken files.

Every scalar stays the text that was typed (YAML 1.1 would turn the MAC `10:20:30:40:50:55` into a
number and the word `no` into false); the schema decides what it means. `~`, `null` and nothing
are None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Loc = tuple[str | int, ...]

LARGEST = 256_000
DEEPEST = 32
MOST_VALUES = 20_000
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq")}
_NOTHING = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at one place of the file, in Vietnamese and English, without secrets."""

    loc: Loc
    vi: str
    en: str
    line: int = 0


@dataclass(slots=True)
class Document:
    """What a file says: `data` as it was typed, and the line (from 1) of each place."""

    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """The line of this place, or of the nearest one around it that exists."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)


def spell(loc: Loc) -> str:
    """A place as people write it: `cameras[1].recording.segment`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(path: Path) -> Document:
    """The document in this file; what is wrong with its form is among its findings."""
    document = Document()
    try:
        raw = path.read_bytes() if path.stat().st_size <= LARGEST else None
    except OSError as error:
        why = error.strerror or str(error)
        document.findings.append(
            Finding((), f"không đọc được tệp: {why}", f"the file cannot be read: {why}", 1)
        )
        return document
    if raw is None:
        document.findings.append(
            Finding((), f"tệp lớn hơn {LARGEST} byte", f"the file is larger than {LARGEST} B", 1)
        )
        return document
    parse(raw, document)
    return document


def parse(raw: bytes, document: Document) -> None:
    """Fill the document from the bytes of a file."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        document.findings.append(
            Finding((), "không phải văn bản UTF-8", "this is not UTF-8 text", line)
        )
        return
    try:
        refusal = _refused(text)
        if refusal:
            document.findings.append(refusal)
            return
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        document.findings.append(_syntax(error, text))
        return
    if node is None:
        document.findings.append(Finding((), "tệp trống", "the file is empty", 1))
        return
    try:
        document.data = _Walk(document).value(node, ())
    except _TooMuch as error:
        document.findings.append(_bomb(error.line))


def _refused(text: str) -> Finding | None:
    """Nesting or size that no site needs, seen before anything recurses into it."""
    depth, documents = 0, 0
    for values, event in enumerate(yaml.parse(text, Loader=yaml.BaseLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            return Finding((), "chỉ được một tài liệu YAML", "only one YAML document", line)
        if depth > DEEPEST or values > MOST_VALUES:
            return _bomb(line)
    return None


class _TooMuch(Exception):
    """An alias that multiplies or contains itself, met in this line."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _bomb(line: int) -> Finding:
    return Finding(
        (),
        f"lồng nhau quá {DEEPEST} tầng hoặc quá {MOST_VALUES} giá trị",
        f"nested deeper than {DEEPEST} levels or more than {MOST_VALUES} values",
        line,
    )


def _syntax(error: yaml.YAMLError, text: str) -> Finding:
    """A syntax error with its line; the offending text itself is not repeated (secrets)."""
    line, what = 1, "unreadable"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = _without_quoted(error.problem or error.context or what)
    elif isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        what = f"character U+{int(error.character):04X} is not allowed"
    return Finding(
        (),
        f"sai cú pháp YAML ({what}); kiểm tra thụt dòng, dấu hai chấm và dấu nháy",
        f"YAML syntax: {what}; check indentation, colons and quotes",
        line,
    )


def _without_quoted(problem: str) -> str:
    """A parser's sentence without what it quotes from the file, single characters excepted."""
    if problem.count("'") % 2:
        return problem.partition("'")[0].strip()
    return re.sub(r"'([^']*)'", lambda quoted: quoted[0] if len(quoted[1]) <= 2 else "…", problem)


class _Walk:
    """Nodes → values, noting lines; an alias counts each time it is used."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.left = MOST_VALUES

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        """The plain value of a node; None where it was refused."""
        line = node.start_mark.line + 1
        self.document.lines.setdefault(loc, line)
        self.left -= 1
        if self.left < 0 or len(loc) > DEEPEST:
            raise _TooMuch(line)
        if node.tag not in _TAGS:
            self.refuse(
                loc,
                line,
                "giá trị bắt đầu bằng '!' phải đặt trong dấu nháy (thẻ YAML không được dùng)",
                "put a value that begins with '!' in quotes (YAML tags are not allowed)",
            )
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self.items(node, loc))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*loc, at)) for at, item in enumerate(node.value)]
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        text = str(node.value)
        return None if plain and text in _NOTHING else text

    def items(self, node: yaml.MappingNode, loc: Loc) -> Iterator[tuple[str, Any]]:
        """The keys of a mapping with their values; a key twice is a finding, the first stays."""
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not re.fullmatch(r"\S[^\n]{0,99}", name):
                self.refuse(
                    (*loc, "?"),
                    line,
                    "khóa phải là một từ trên một dòng",
                    "a key must be one word on one line",
                )
            elif name in seen:
                self.document.findings.append(
                    Finding(
                        (*loc, name),
                        f"khóa này đã có ở dòng {seen[name]}; chỉ giữ một",
                        f"this key stands in line {seen[name]} already; keep one",
                        line,
                    )
                )
            else:
                seen[name] = self.document.lines[(*loc, name)] = line
                yield name, self.value(value, (*loc, name))

    def refuse(self, loc: Loc, line: int, vi: str, en: str) -> None:
        """Note a form that this file may not have."""
        self.document.findings.append(Finding(loc, vi, en, line))
