"""The shipped models: chosen by the configuration, checked against the manifest before use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_agent.config.manifest import Manifest, ModelEntry, Variant, read_manifest
from edge_agent.config.schema import Vision
from edge_agent.core.trouble import Trouble

PERSON = "person"
FACE = "face"
MASK = "mask"
_WEIGHTS = (".bin", ".pt")
_GRAPHS = (".xml", ".onnx", ".pt")


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A model whose every file has the sha256 that the manifest states.

    `path` is the file to load, `sha256` that of its weights, `labels` in the order of the output,
    `threshold` and `thresholds` (per label) calibrated scores 0..1, `platt` what makes
    them so from raw ones (slope, offset).
    """

    name: str
    variant: str
    path: Path
    sha256: str
    labels: tuple[str, ...]
    threshold: float | None
    thresholds: Mapping[str, float]
    platt: tuple[float, float] = (1.0, 0.0)

    @property
    def mark(self) -> str:
        """What every event says of the model: its name, variant and the start of its hash."""
        return f"{self.name}-{self.variant}@{self.sha256[:12]}"


def checked(
    manifest: Manifest, folder: Path, model: str, variant: str = "", backend: str = "openvino"
) -> CheckedModel:
    """The model of this name, ready to load: the named variant, else the default one where it
    runs on `backend`, else the first that does.

    Raises Trouble `model.missing` when there is none, `model.damaged` naming the file that is
    not what the manifest says.
    """
    entry = manifest.models.get(model)
    if entry is None:
        raise _missing(model, f"{folder / 'manifest.yaml'}", sorted(manifest.models))
    chosen, form = _choose(entry, model, variant, backend)
    for name, sha256 in form.files.items():
        _check(folder / name, sha256)
    names = list(form.files)
    graph = next((name for name in names if name.endswith(_GRAPHS)), names[0])
    weights = next((name for name in names if name.endswith(_WEIGHTS)), graph)
    return CheckedModel(
        name=model,
        variant=chosen,
        path=folder / graph,
        sha256=form.files[weights],
        labels=entry.labels,
        threshold=entry.threshold,
        thresholds=entry.thresholds or {},
        platt=entry.platt,
    )


def check_models(folder: Path, vision: Vision) -> tuple[CheckedModel, CheckedModel, CheckedModel]:
    """The person, the face and the mask model that this configuration runs. Raises Trouble, see
    `checked`.

    Those of faces are small and always run on OpenVINO; `backend` and `variant` choose the
    person model.
    """
    manifest = read_manifest(folder / "manifest.yaml")
    person = checked(manifest, folder, PERSON, vision.variant, vision.backend)
    return person, checked(manifest, folder, FACE), checked(manifest, folder, MASK)


def _choose(entry: ModelEntry, model: str, variant: str, backend: str) -> tuple[str, Variant]:
    fitting = {name: form for name, form in entry.variants.items() if form.backend == backend}
    name = variant or (entry.default if entry.default in fitting else next(iter(fitting), ""))
    if name not in fitting:
        raise _missing(f"{model} {variant} ({backend})", "vision.variant", sorted(fitting))
    return name, fitting[name]


def _check(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    if found != sha256:
        raise _damaged(path, f"sha256 {found[:12]}… ≠ {sha256[:12]}…")


def _missing(what: str, where: str, known: list[str]) -> Trouble:
    names = ", ".join(known) or "-"
    return Trouble(
        "model.missing",
        f"Không có mô hình {what} ({where}). Hiện có: {names}. Sửa cấu hình hoặc cài lại "
        "thư mục models.",
        f"There is no model {what} ({where}). There are: {names}. Correct the configuration, or "
        "install the models folder again.",
    )


def _damaged(path: Path, why: str) -> Trouble:
    return Trouble(
        "model.damaged",
        f"Tệp mô hình {path} bị hỏng hoặc không phải tệp đã phát hành ({why}). Nhận diện hình "
        "không chạy; ghi hình vẫn chạy. Cài lại thư mục models từ bộ cài đặt.",
        f"The model file {path} is damaged or not the one that was released ({why}). Vision does "
        "not run; recording goes on. Install the models folder again from the package.",
    )
