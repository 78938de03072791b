"""An analysis from the command line: sources in, lines out, the same bytes every time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from edge_agent.app.models import model_folder
from edge_agent.config.schema import Config
from edge_agent.core.media import Camera, Identity, Stream
from edge_agent.core.trouble import Trouble
from edge_agent.rules.places import View
from edge_agent.vision.analysis import Look, analyse_film, analyse_picture
from edge_agent.vision.annotate import annotated
from edge_agent.vision.footage import Source, find_sources
from edge_agent.vision.pipeline import Models, Outlook
from edge_agent.vision.process import load_models

Progress = Callable[[Source, int], None]  # the source at work, its frames that are behind us


def analyse(
    paths: Sequence[Path],
    config: Config,
    camera: str,
    fps: float,
    annotate: Path | None,
    write: Callable[[str], object],
    progress: Progress,
    stop: Event,
) -> bool:
    """Look at every source in turn and `write` JSON Lines; False when `stop` ended it early.

    Raises Trouble `analyze.*`, `calibration.*`, `model.*`, OSError when `annotate` cannot be
    written.
    """
    outlook = _outlook(config, camera)
    sources = find_sources(paths)
    with TemporaryDirectory() as scratch:
        models = load_models(model_folder(config), config.vision, Path(scratch))
        for source in sources:
            for look in _looks(source, outlook, models, fps):
                for line in look.lines:
                    write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
                if annotate is not None:
                    _draw(annotate, look)
                progress(source, look.number + 1)
                if stop.is_set():
                    return False
    return True


def _looks(source: Source, outlook: Outlook, models: Models, fps: float) -> Iterator[Look]:
    if source.picture:
        yield analyse_picture(source, outlook, models)
    else:
        yield from analyse_film(source, outlook, models, fps)


def _outlook(config: Config, camera: str) -> Outlook:
    """What the pipeline of this camera is told at the site; without a camera nothing is known
    of the floor.
    """
    known = {entry.id: entry for entry in config.cameras}
    if camera and camera not in known:
        raise unknown_camera(camera, sorted(known))
    entry = known.get(camera)
    stands = Camera(
        camera or "film",
        (entry.name if entry else "") or camera or "film",
        entry.place if entry else "",
        "",
        Identity(),
        Stream(""),
    )
    return Outlook(
        site=config.site.id,
        zone=config.site.timezone,
        camera=stands,
        rules=config.rules,
        calibration=entry.calibration if entry else None,
        idle_fps=config.vision.idle_fps,
        view=View(entry.zones, entry.lines) if entry else View(),
    )


def _draw(folder: Path, look: Look) -> None:
    """The picture with boxes, beside its fellows of the same source."""
    for line in look.lines:
        if line["type"] == "frame":
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{look.source.path.name}-{look.number:06d}.jpg"
            (folder / name).write_bytes(annotated(look.image, line))


def unknown_camera(camera: str, known: list[str]) -> Trouble:
    """What to tell when the configuration has no such camera."""
    names = ", ".join(known) or "-"
    return Trouble(
        "analyze.unknown_camera",
        f"Không có camera {camera} trong cấu hình. Hiện có: {names}.",
        f"There is no camera {camera} in the configuration. There are: {names}.",
    )
