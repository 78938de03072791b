"""Only files with the sha256 of the manifest are run."""

import shutil
from pathlib import Path

import pytest

from edge_agent.config.manifest import read_manifest
from edge_agent.config.schema import Vision
from edge_agent.core.trouble import Trouble
from edge_agent.vision.models import FACE, MASK, PERSON, check_models, checked
from tests.integration.vision.shipped import MODELS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "models"
    shutil.copytree(MODELS, copy, ignore=shutil.ignore_patterns("train", "*.md"))
    return copy


def test_the_shipped_models_are_what_their_manifest_says() -> None:
    manifest = read_manifest(MODELS / "manifest.yaml")
    for name, entry in manifest.models.items():
        for variant, form in entry.variants.items():
            model = checked(manifest, MODELS, name, variant, form.backend)
            assert model.path.is_file()
            assert model.sha256 in form.files.values()


def test_the_configuration_chooses_the_variant_and_the_backend() -> None:
    default, face, mask = check_models(MODELS, Vision())
    entry = read_manifest(MODELS / "manifest.yaml").models[PERSON]
    assert (default.variant, face.name, mask.name) == (entry.default, FACE, MASK)
    assert default.path.suffix == ".xml"
    person, *_ = check_models(MODELS, Vision(backend="ultralytics"))
    assert person.path.suffix == ".pt"
    assert person.mark.endswith(f"@{person.sha256[:12]}")


def test_every_flipped_bit_is_refused_by_name(folder: Path) -> None:
    for path in [path for path in folder.iterdir() if path.name != "manifest.yaml"]:
        whole = path.read_bytes()
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        manifest = read_manifest(folder / "manifest.yaml")
        name = path.name.partition(".")[0]
        variant, form = next(
            (key, form)
            for key, form in manifest.models[name].variants.items()
            if path.name in form.files
        )
        with pytest.raises(Trouble) as refused:
            checked(manifest, folder, name, variant, form.backend)
        assert refused.value.code == "model.damaged"
        assert path.name in refused.value.vi
        assert path.name in refused.value.en
        path.write_bytes(whole)


def test_a_file_that_is_away_is_refused_by_name(folder: Path) -> None:
    (folder / "person.fp32.bin").unlink()
    with pytest.raises(Trouble) as refused:
        check_models(folder, Vision(variant="fp32"))
    assert refused.value.code == "model.damaged"
    assert "person.fp32.bin" in refused.value.en


@pytest.mark.parametrize(
    "vision", [Vision(variant="huge"), Vision(variant="fp32", backend="ultralytics")]
)
def test_a_variant_that_is_not_there_is_answered_with_those_that_are(vision: Vision) -> None:
    with pytest.raises(Trouble) as refused:
        check_models(MODELS, vision)
    assert refused.value.code == "model.missing"
    assert "fp32" in refused.value.en or "torch" in refused.value.en
