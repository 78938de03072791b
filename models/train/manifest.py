"""Writes `models/manifest.yaml`: what each model file is, takes, answers, and its sha256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[1]
NAME = "manifest.yaml"
HEADER = "# Written by models/train; figures and limits: person.md, face.md\n"


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(folder: Path = FOLDER) -> dict[str, Any]:
    """The manifest, or an empty one where none was written yet."""
    path = folder / NAME
    if not path.exists():
        return {"version": 1, "models": {}}
    return yaml.safe_load(path.read_text())


def variant(backend: str, names: list[str], folder: Path = FOLDER) -> dict[str, Any]:
    """One variant: who runs it, and its files with their digests."""
    return {"backend": backend, "files": {name: sha256(folder / name) for name in names}}


def put(model: str, entry: dict[str, Any], folder: Path = FOLDER) -> None:
    """Replaces the entry of one model and keeps the others; the file changes in one step."""
    manifest = read(folder)
    manifest["models"][model] = entry
    text = HEADER + yaml.safe_dump(manifest, sort_keys=False, width=100, allow_unicode=True)
    fresh = folder / f".{NAME}.new"
    fresh.write_text(text)
    fresh.replace(folder / NAME)


def faults(folder: Path = FOLDER) -> list[str]:
    """Every file that is missing or differs from its digest, and every missing default."""
    found = []
    for model, entry in read(folder)["models"].items():
        if entry["default"] not in entry["variants"]:
            found.append(f"{model}: default {entry['default']} is no variant")
        for each in entry["variants"].values():
            for name, digest in each["files"].items():
                if not (folder / name).exists():
                    found.append(f"{model}: {name} is missing")
                elif sha256(folder / name) != digest:
                    found.append(f"{model}: {name} is not the file that was described")
    return found
