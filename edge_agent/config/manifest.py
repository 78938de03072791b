"""`models/manifest.yaml`: what each model file is, and the sha256 that it must have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from edge_agent.core.trouble import Trouble

LARGEST = 1_000_000
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Inside the models folder: no part of the path begins with a dot.
FileName = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]


class Part(BaseModel):
    """A part of the manifest; keys that only describe (dates, figures, notes) are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Variant(Part):
    """One form of a model: file paths relative to the manifest, each with its sha256 (hex)."""

    backend: Literal["openvino", "ultralytics"]
    files: Annotated[dict[FileName, Sha256], Field(min_length=1)]


class ModelEntry(Part):
    """One model: `default` names the variant that runs when the configuration names none.

    `input` and `output` say the tensors in the words of the model's own card; `threshold` and
    `thresholds` (per label) are scores 0..1. `platt` (slope, offset) makes a raw score the share
    of such answers that are right: sigmoid(slope × logit(score) + offset) (Platt 1999).
    """

    default: str
    labels: Annotated[tuple[str, ...], Field(min_length=1)]
    input: dict[str, Any]
    output: Any = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None
    platt: tuple[float, float] = (1.0, 0.0)
    licence: str
    provenance: Any
    variants: Annotated[dict[str, Variant], Field(min_length=1)]

    @model_validator(mode="after")
    def _default_is_a_variant(self) -> ModelEntry:
        if self.default not in self.variants:
            raise ValueError(f"default {self.default!r} is none of {sorted(self.variants)}")
        return self


class Manifest(Part):
    """All models that ship, by name."""

    models: Annotated[dict[str, ModelEntry], Field(min_length=1)]


def read_manifest(path: Path) -> Manifest:
    """The manifest in this file. Raises Trouble `model.manifest` naming every fault of it."""
    try:
        if path.stat().st_size > LARGEST:
            raise _trouble(path, f"> {LARGEST} bytes")
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Manifest.model_validate(data)
    except OSError as error:
        raise _trouble(path, error.strerror or str(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _trouble(path, _faults(error)) from error


def with_variant(text: str, model: str, name: str, variant: Variant) -> str:
    """The manifest's text with one more variant of a model, which is its default from now on.

    What only describes (dates, figures, the comment at the top) stays.
    """
    data = yaml.safe_load(text)
    entry = data["models"][model]
    entry["variants"][name] = variant.model_dump()
    entry["default"] = name
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    return head + yaml.safe_dump(data, sort_keys=False, width=100, allow_unicode=True)


def _faults(error: Exception) -> str:
    """One line a fault: where it is in the manifest, and what is wrong."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'manifest'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)
    )


def _trouble(path: Path, what: str) -> Trouble:
    return Trouble(
        "model.manifest",
        f"Danh mục mô hình {path} không dùng được: {what}. "
        "Cài lại thư mục models đúng với phiên bản chương trình.",
        f"The model manifest {path} cannot be used: {what}. "
        "Install the models folder that belongs to this version again.",
    )
