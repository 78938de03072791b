"""What import contracts cannot see: attributes of modules that are imported for other reasons."""

import ast
from pathlib import Path

import edge_agent

ROOM = Path(edge_agent.__file__).parent
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
ENVIRONMENT = {("os", "environ"), ("os", "getenv"), ("os", "putenv")}


def attributes(path: Path) -> set[tuple[str, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        (node.value.id, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def offenders(forbidden: set[tuple[str, str]], homes: set[str]) -> list[str]:
    return [
        str(path.relative_to(ROOM))
        for path in sorted(ROOM.rglob("*.py"))
        if str(path.relative_to(ROOM)) not in homes and attributes(path) & forbidden
    ]


def broad_excepts(path: Path) -> list[int]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
    ]


def test_the_wall_clock_is_read_in_one_file() -> None:
    assert offenders(CLOCKS, {"runtime/clock.py"}) == []


def test_the_environment_is_read_in_config() -> None:
    assert offenders(ENVIRONMENT, {"config/environment.py"}) == []


def test_broad_excepts_live_in_the_supervisor_alone() -> None:
    found = {
        str(path.relative_to(ROOM)): broad_excepts(path)
        for path in ROOM.rglob("*.py")
        if str(path.relative_to(ROOM)) != "runtime/supervisor.py"
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_files_and_functions_stay_short() -> None:
    long = []
    for path in sorted(ROOM.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 300:
            long.append(str(path))
        long += [
            f"{path}:{node.lineno} {node.name}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (node.end_lineno or 0) - node.lineno + 1 > 40
        ]
    assert long == []
