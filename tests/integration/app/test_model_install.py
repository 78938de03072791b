"""Another model file: tried for real, installed in one step, refused in words, taken back."""

import shutil
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from edge_agent.app.model_install import _switch, install, roll_back
from edge_agent.config.manifest import Variant, read_manifest
from edge_agent.config.schema import Config
from edge_agent.core.trouble import Trouble
from edge_agent.vision.detector.graph import engine
from edge_agent.vision.models import PERSON, checked
from tests.e2e.house import run
from tests.integration.vision.shipped import MODELS

OTHERS = [name for name in read_manifest(MODELS / "manifest.yaml").models if name != PERSON]
OTHER = "mask"  # takes one size; the face network takes any


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "models"
    shutil.copytree(MODELS, copy, ignore=shutil.ignore_patterns("train", "*.md"))
    return copy


def settings(folder: Path, **vision: object) -> Config:
    steady = {"precision": "f32", "models": str(folder), **vision}
    return Config.model_validate({"site": {"id": "one"}, "vision": steady})


def brought(folder: Path, model: str = PERSON, suffix: str = ".xml") -> Path:
    """A model file as a technician has it, elsewhere and under a name of its own."""
    place = folder.parent / "brought"
    place.mkdir(exist_ok=True)
    variants = read_manifest(folder / "manifest.yaml").models[model].variants
    for name in variants["torch" if suffix == ".pt" else "fp32"].files:
        shutil.copy(folder / name, place / f"mới{Path(name).suffix}")
    return place / f"mới{suffix}"


def state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refusal(file: Path, config: Config, model: str = PERSON) -> Trouble:
    """The words of the refusal; nothing in the models folder may have changed."""
    folder = config.vision.models
    assert folder is not None
    before = state(folder)
    with pytest.raises(Trouble) as refused:
        install(file, config, model)
    assert state(folder) == before
    assert refused.value.vi
    return refused.value


def graph(path: Path, outputs: np.ndarray, *inputs: list[int]) -> Path:
    """A graph that takes these shapes and always answers the same."""
    parameters = [ops.parameter(shape, np.float32, name=f"x{n}") for n, shape in enumerate(inputs)]
    nothing = ops.constant(np.float32(0))
    answer = ops.constant(outputs.astype(np.float32))
    for parameter, shape in zip(parameters, inputs, strict=True):
        every = ops.constant(np.arange(len(shape)))
        summed = ops.reduce_sum(parameter, every, keep_dims=False)
        answer = ops.add(answer, ops.multiply(summed, nothing))
    openvino.save_model(openvino.Model([answer], parameters), path, compress_to_fp16=False)
    return path


def test_a_good_model_is_used_from_then_on_and_can_be_taken_back(folder: Path) -> None:
    config, shipped = settings(folder), (folder / "manifest.yaml").read_bytes()
    site = folder.parent / "site.yaml"
    site.write_text(f"site: {{id: one}}\nvision: {{precision: f32, models: {folder}}}\n")
    told = run("model", "install", str(brought(folder)), "--config", str(site))
    assert told.returncode == 0, told.stderr
    assert "6/6" in told.stdout
    now = checked(read_manifest(folder / "manifest.yaml"), folder, PERSON)
    assert now.variant.startswith("own-")
    assert now.mark in told.stdout
    assert now.path.parent.parent == folder / "installed"
    assert (folder / "manifest.yaml").read_text().startswith("#")
    again = install(brought(folder), config)
    assert again.before is not None
    assert again.before.found == 6
    back = run("model", "rollback", "--config", str(site))
    assert back.returncode == 0, back.stderr
    assert (folder / "manifest.yaml").read_bytes() == shipped
    assert run("model", "rollback", "--config", str(site)).returncode == 78


def test_every_kind_of_file_is_installed(folder: Path) -> None:
    done = install(brought(folder, suffix=".pt"), settings(folder, backend="ultralytics"))
    assert done.trial.found == done.trial.drawn == 6
    for name in OTHERS:
        other = install(brought(folder, name), settings(folder), name)
        assert other.mark.startswith(name)
    assert "own-" in roll_back(settings(folder))


def test_a_damaged_file_is_refused(folder: Path) -> None:
    file = brought(folder)
    weights = file.with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    assert refusal(file, settings(folder)).code == "model.unusable"
    file.write_text("<net")
    assert refusal(file, settings(folder)).code == "model.unusable"
    weights.unlink()
    assert file.with_suffix(".bin").name in refusal(file, settings(folder)).en
    assert ".onnx" in refusal(folder / "manifest.yaml", settings(folder)).en


@pytest.mark.parametrize(
    "inputs", [([1, 4, 384, 640],), ([1, 3],), ([1, 3, 384, 640], [1, 3]), ([-1, 3, -1, -1],)]
)
def test_another_input_is_refused(folder: Path, inputs: tuple[list[int], ...]) -> None:
    file = graph(folder.parent / "other.xml", np.zeros((1, 5, 5040)), *inputs)
    assert refusal(file, settings(folder)).code == "model.unusable"


def test_other_labels_are_refused_and_named(folder: Path) -> None:
    file = graph(folder.parent / "coco.xml", np.zeros((1, 84, 5040)), [1, 3, 384, 640])
    told = refusal(file, settings(folder))
    assert told.code == "model.unusable"
    assert "[1, 84, 5040], labels ['person']" in told.en
    for name in OTHERS:
        assert refusal(brought(folder), settings(folder), name).code == "model.refused"
    assert refusal(brought(folder), settings(folder), "nothing").code == "model.refused"


def test_who_sees_nobody_or_everybody_is_refused(folder: Path) -> None:
    nobody = np.zeros((1, 5, 5040))
    told = refusal(graph(folder.parent / "no.xml", nobody, [1, 3, 384, 640]), settings(folder))
    assert told.code == "model.refused"
    assert "0 of 2 people" in told.en
    crowd = np.random.default_rng(1).uniform(60, 300, (1, 5, 5040))
    crowd[:, 4] = 0.9
    told = refusal(graph(folder.parent / "all.xml", crowd, [1, 3, 384, 640]), settings(folder))
    assert "false" in told.en


def test_numbers_that_are_none_are_refused(folder: Path) -> None:
    present = engine().read_model(folder / next(iter(_files(folder))))
    taken, given = list(present.input().shape), list(present.output(0).shape)
    file = graph(folder.parent / "nan.xml", np.full(given, np.nan), taken)
    assert "not finite" in refusal(file, settings(folder), OTHER).en


def _files(folder: Path) -> list[str]:
    entry = read_manifest(folder / "manifest.yaml").models[OTHER]
    return [name for name in entry.variants[entry.default].files if name.endswith(".xml")]


def test_a_configuration_that_would_run_another_is_told_first(folder: Path) -> None:
    told = refusal(brought(folder), settings(folder, variant="int8"))
    assert told.code == "model.not_chosen"
    assert "vision.variant: int8" in told.en
    other = refusal(brought(folder), settings(folder, backend="ultralytics"))
    assert other.code == "model.not_chosen"


def test_what_does_not_run_after_the_switch_is_rolled_back(folder: Path) -> None:
    before = (folder / "manifest.yaml").read_bytes()
    (folder / "installed").mkdir()
    wrong = Variant(backend="openvino", files={"person.fp32.xml": "0" * 64})

    def look() -> None:
        checked(read_manifest(folder / "manifest.yaml"), folder, PERSON)

    with pytest.raises(Trouble) as failed:
        _switch(folder, PERSON, "own-0", wrong, look)
    assert failed.value.code == "model.damaged"
    assert (folder / "manifest.yaml").read_bytes() == before
    with pytest.raises(Trouble) as nothing:
        roll_back(settings(folder))
    assert nothing.value.code == "model.no_earlier"
