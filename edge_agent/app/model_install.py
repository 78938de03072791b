"""Installing a model file: copied beside the old one, tried, and only then named in the manifest.

The manifest is the switch: it changes in one step, and the one before it is kept. Whatever fails
before leaves everything as it was; what fails after is rolled back.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from edge_agent.app.models import model_folder
from edge_agent.config.manifest import ModelEntry, Variant, read_manifest, with_variant
from edge_agent.config.schema import Config, Vision
from edge_agent.core.trouble import Trouble
from edge_agent.store.durable import replace_file, sync_folder
from edge_agent.vision.models import PERSON, CheckedModel, checked
from edge_agent.vision.trial import Trial, refused, try_model

LARGEST = 200_000_000  # bytes of a model file
_MANIFEST, _INSTALLED = "manifest.yaml", "installed"
Backend = Literal["openvino", "ultralytics"]
_KINDS: dict[str, tuple[Backend, tuple[str, ...]]] = {
    ".xml": ("openvino", (".xml", ".bin")),
    ".onnx": ("openvino", (".onnx",)),
    ".pt": ("ultralytics", (".pt",)),
}


@dataclass(frozen=True, slots=True)
class Installed:
    """What is in use now: the mark of the model as events will state it, and both trials; `before`
    is None where the former model did not run.
    """

    mark: str
    trial: Trial
    before: Trial | None


def install(file: Path, config: Config, model: str = PERSON) -> Installed:
    """Try this file as the model of this name, and put it to use from vision's next start on.

    Raises Trouble `model.refused`, `model.unusable`, `model.missing`, `model.not_chosen`, and
    OSError for a folder that cannot be written; nothing has changed then.
    """
    folder = model_folder(config)
    entry = read_manifest(folder / _MANIFEST).models.get(model)
    if entry is None:
        raise refused(file, f"manifest không có mô hình {model}", f"there is no model {model}")
    backend, _ = _kind(file)
    vision = _vision_for(model, config.vision)
    _would_run(file, vision, backend)
    with TemporaryDirectory(prefix=".install-", dir=folder) as scratch:
        staged = _copied(file, model, Path(scratch))
        candidate = _as_model(staged, model, entry)
        present, before = _present(folder, model, vision, Path(scratch))
        trial = try_model(candidate, vision, Path(scratch), present)
        name = candidate.variant
        files = _placed(staged, folder, f"{model}-{name}")
        variant = Variant(backend=backend, files=files)
        _switch(folder, model, name, variant, lambda: _runs(folder, model, vision, Path(scratch)))
    return Installed(candidate.mark, trial, before)


def roll_back(config: Config) -> str:
    """Use again what was used before the last installation; says which models are default now.

    Raises Trouble `model.no_earlier` when nothing was installed, OSError.
    """
    folder = model_folder(config)
    now = (folder / _MANIFEST).read_bytes()
    kept = sorted((folder / _INSTALLED).glob("before-*.yaml"), reverse=True)
    while kept and kept[0].read_bytes() == now:
        kept.pop(0).unlink()  # a power cut between keeping the old manifest and changing it
    if not kept:
        raise _no_earlier(folder)
    read_manifest(kept[0])
    replace_file(folder / _MANIFEST, kept[0].read_bytes(), 0o644)
    kept[0].unlink()
    models = read_manifest(folder / _MANIFEST).models
    return ", ".join(f"{name}: {entry.default}" for name, entry in models.items())


def _kind(file: Path) -> tuple[Backend, tuple[str, ...]]:
    kind = _KINDS.get(file.suffix.lower())
    if kind is None:
        known = ", ".join(_KINDS)
        raise refused(file, f"cần tệp {known}", f"a file {known} is needed")
    return kind


def _vision_for(model: str, vision: Vision) -> Vision:
    """How this model is run: all but the person model run on OpenVINO in their default form."""
    if model == PERSON:
        return vision
    return vision.model_copy(update={"backend": "openvino", "variant": ""})


def _would_run(file: Path, vision: Vision, backend: Backend) -> None:
    """Raises Trouble where the configuration would go on running another one."""
    if vision.backend == backend and not vision.variant:
        return
    other = f"vision.backend: {vision.backend}, vision.variant: {vision.variant or '-'}"
    raise Trouble(
        "model.not_chosen",
        f"Không cài {file.name}: {other} trong cấu hình chọn mô hình khác. Sửa các dòng đó "
        f"(tệp này cần vision.backend: {backend}, không có vision.variant) rồi cài lại.",
        f"{file.name} is not installed: {other} of the configuration choose another one. "
        f"Change these lines (this file needs vision.backend: {backend} and no vision.variant) and "
        "install again.",
    )


def _copied(file: Path, model: str, scratch: Path) -> Path:
    """The folder with our own copy of the file (and the one that belongs to it)."""
    staged = scratch / "staged"
    staged.mkdir()
    for suffix in _kind(file)[1]:
        part = file.with_suffix(suffix)
        try:
            if part.stat().st_size > LARGEST:
                raise refused(part, f"lớn hơn {LARGEST} byte", f"larger than {LARGEST} bytes")
            shutil.copyfile(part, staged / f"{model}{suffix}")
        except OSError as error:
            reason = error.strerror or str(error)
            raise refused(
                part, f"không đọc được ({reason})", f"cannot read it ({reason})"
            ) from error
    return staged


def _as_model(staged: Path, model: str, entry: ModelEntry) -> CheckedModel:
    """The copy as a model, with the labels and thresholds of the entry whose place it takes."""
    files = sorted(staged.iterdir())
    graph = next(one for one in files if one.suffix != ".bin")
    weights = next((one for one in files if one.suffix == ".bin"), graph)
    sha256 = _sha256(weights)
    return CheckedModel(
        model,
        f"own-{sha256[:12]}",
        graph,
        sha256,
        entry.labels,
        entry.threshold,
        entry.thresholds or {},
    )


def _present(
    folder: Path, model: str, vision: Vision, scratch: Path
) -> tuple[CheckedModel | None, Trial | None]:
    """The model in use and its own trial; None where it does not run or would not be let in."""
    try:
        now = checked(
            read_manifest(folder / _MANIFEST), folder, model, vision.variant, vision.backend
        )
    except Trouble:
        return None, None
    try:
        return now, try_model(now, vision, scratch, None)
    except Trouble:
        return None, None


def _placed(staged: Path, folder: Path, name: str) -> dict[str, str]:
    """The files in their place, by path in the folder with their sha256."""
    place = folder / _INSTALLED / name
    place.mkdir(parents=True, exist_ok=True)
    files = {}
    for part in sorted(staged.iterdir()):
        replace_file(place / part.name, part.read_bytes(), 0o644)
        files[f"{_INSTALLED}/{name}/{part.name}"] = _sha256(place / part.name)
    sync_folder(folder / _INSTALLED)
    return files


def _switch(
    folder: Path, model: str, name: str, variant: Variant, runs: Callable[[], object]
) -> None:
    """The manifest with the new default, the old one kept; back to it when `runs` raises."""
    manifest = folder / _MANIFEST
    old = manifest.read_bytes()
    new = with_variant(old.decode("utf-8"), model, name, variant).encode("utf-8")
    number = len(list((folder / _INSTALLED).glob("before-*.yaml"))) + 1
    kept = folder / _INSTALLED / f"before-{number:04}.yaml"
    replace_file(kept, old, 0o644)
    replace_file(manifest, new, 0o644)
    try:
        runs()
    except Trouble:
        replace_file(manifest, old, 0o644)
        kept.unlink()
        raise


def _runs(folder: Path, model: str, vision: Vision, scratch: Path) -> None:
    """What vision does at its start, from the files that were just written."""
    manifest = read_manifest(folder / _MANIFEST)
    now = checked(manifest, folder, model, vision.variant, vision.backend)
    try_model(now, vision, scratch, None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _no_earlier(folder: Path) -> Trouble:
    return Trouble(
        "model.no_earlier",
        f"Chưa cài mô hình nào khác vào {folder}: không có gì để quay lại.",
        f"No other model was installed into {folder}: there is nothing to go back to.",
    )
