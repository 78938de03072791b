"""Where the shipped models are: named in the configuration, or beside the program."""

from __future__ import annotations

import sys
from pathlib import Path

from edge_agent.config.schema import Config

_BESIDE = (Path(__file__).resolve().parents[2] / "models", Path(sys.prefix).parent / "models")


def model_folder(config: Config) -> Path:
    """The folder with `manifest.yaml`: `vision.models`, else the checkout's, else the
    installation's (`/opt/edge-agent/models` beside `/opt/edge-agent/venv`).
    """
    if config.vision.models is not None:
        return config.vision.models
    for folder in _BESIDE:
        if (folder / "manifest.yaml").is_file():
            return folder
    return _BESIDE[-1]
