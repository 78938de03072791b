"""One contract for every detector: the fake, OpenVINO and Ultralytics."""

import sys
from pathlib import Path

import numpy as np
import pytest

from edge_agent.config.manifest import read_manifest
from edge_agent.config.schema import Vision
from edge_agent.core.geometry import Box
from edge_agent.core.perception import Detection
from edge_agent.core.trouble import Trouble
from edge_agent.vision.detector import Detector, load_detector
from edge_agent.vision.frame import Image, size_of
from edge_agent.vision.models import PERSON, CheckedModel, check_models, checked
from tests.fakes.detector import ScriptedDetector
from tests.integration.vision.shipped import MODELS, STEADY, photograph
from tests.unit.vision.pictures import scene

BUS = photograph("bus.jpg")
PEOPLE = (Box(50, 398, 246, 903), Box(223, 407, 344, 862), Box(669, 391, 810, 880))  # by hand
SURE = 0.4


def read_from_a_script(image: Image) -> list[Detection]:
    if image.shape != BUS.shape:
        return []
    return [Detection(box, 0.9 - index / 10) for index, box in enumerate(PEOPLE)]


def real(backend: str, variant: str, scratch: Path) -> Detector:
    vision = STEADY.model_copy(update={"backend": backend, "variant": variant})
    model = checked(read_manifest(MODELS / "manifest.yaml"), MODELS, PERSON, variant, backend)
    return load_detector(model, vision, scratch)


@pytest.fixture(scope="module", params=["scripted", "openvino", "ultralytics"])
def detector(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Detector:
    if request.param == "scripted":
        return ScriptedDetector(read_from_a_script)
    return real(request.param, "", tmp_path_factory.mktemp("scratch"))


def test_the_people_of_a_photograph_are_found_where_they_are(detector: Detector) -> None:
    found = [one for one in detector.detect(BUS) if one.score >= SURE]
    assert all(max(one.box.iou(person) for one in found) >= 0.5 for person in PEOPLE)
    assert len(found) <= 4


def test_detections_are_sorted_inside_the_picture_and_scored(detector: Detector) -> None:
    found = detector.detect(BUS)
    size = size_of(BUS)
    assert found
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 < one.score <= 1 and one.box == one.box.clipped(size) for one in found)


def test_nobody_is_found_where_nobody_is(detector: Detector) -> None:
    assert [one for one in detector.detect(scene()) if one.score >= SURE] == []


@pytest.mark.parametrize("size", [(16, 16), (160, 120), (360, 640), (3840, 2160)])
def test_pictures_of_every_size_are_taken(detector: Detector, size: tuple[int, int]) -> None:
    assert isinstance(detector.detect(np.zeros((size[1], size[0], 3), np.uint8)), list)


def test_the_picture_is_left_as_it_was_and_the_answer_repeats(detector: Detector) -> None:
    before = BUS.copy()
    assert detector.detect(BUS) == detector.detect(BUS)
    assert (before == BUS).all()


def test_the_model_names_itself_with_its_hash(detector: Detector) -> None:
    name, _, start = detector.model.partition("@")
    assert name.startswith("person")
    assert len(start) == 12


def test_both_backends_agree_on_who_is_where(tmp_path: Path) -> None:
    """The same weights in floats; what INT8 may cost is the export's gate to judge."""
    one, other = real("openvino", "fp32", tmp_path), real("ultralytics", "", tmp_path)
    a, b = one.detect(BUS), other.detect(BUS)
    sure_a, sure_b = ([person for person in found if person.score >= SURE] for found in (a, b))
    assert len(sure_a) == len(sure_b) >= 3
    for mine, yours in zip(sure_a, sure_b, strict=True):
        assert mine.box.iou(yours.box) >= 0.95
        assert abs(mine.score - yours.score) <= 0.05


def test_every_shipped_variant_runs_and_finds_the_same_people(tmp_path: Path) -> None:
    entry = read_manifest(MODELS / "manifest.yaml").models[PERSON]
    for variant, form in entry.variants.items():
        found = real(form.backend, variant, tmp_path).detect(BUS)
        assert all(max(one.box.iou(person) for one in found) >= 0.5 for person in PEOPLE)


def test_a_model_that_is_no_person_detector_is_refused_in_words(tmp_path: Path) -> None:
    *_, mask = check_models(MODELS, STEADY)
    with pytest.raises(Trouble) as refused:
        load_detector(mask, STEADY, tmp_path)
    assert refused.value.code == "model.unusable"
    assert mask.path.name in refused.value.en


@pytest.mark.parametrize("backend", ["openvino", "ultralytics"])
def test_a_file_that_is_no_model_is_refused_in_words(backend: str, tmp_path: Path) -> None:
    path = tmp_path / ("person.pt" if backend == "ultralytics" else "person.xml")
    path.write_bytes(b"not a model")
    model = CheckedModel("person", "fp32", path, "0" * 64, ("person",), 0.4, {})
    with pytest.raises(Trouble) as refused:
        load_detector(model, Vision(backend=backend), tmp_path)
    assert refused.value.code == "model.unusable"


def test_a_backend_that_is_not_installed_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics.models", None)
    with pytest.raises(Trouble) as refused:
        real("ultralytics", "", tmp_path)
    assert refused.value.code == "model.backend_missing"
    assert "pip install edge-agent[yolo]" in refused.value.en


def test_a_device_that_is_absent_falls_back_to_the_processor(tmp_path: Path) -> None:
    person, *_ = check_models(MODELS, STEADY)
    absent = Vision(device="GPU")
    assert load_detector(person, absent, tmp_path).detect(BUS)


@pytest.mark.parametrize("variant", ["int8", "fp32"])
def test_an_upright_and_a_square_picture_show_the_same_people(tmp_path: Path, variant: str) -> None:
    """The graph is compiled again for their shapes; its grid has to follow."""
    network = real("openvino", variant, tmp_path)
    square = np.full((1080, 1080, 3), 114, np.uint8)
    square[:, :810] = BUS
    for picture in (BUS, square):
        found = [one for one in network.detect(picture) if one.score >= SURE]
        assert all(max(one.box.iou(person) for one in found) >= 0.7 for person in PEOPLE)
        assert len(found) <= 5


def test_more_shapes_than_are_kept_are_still_looked_at(tmp_path: Path) -> None:
    network = real("openvino", "", tmp_path)
    shapes = [(640, 360), (480, 360), (360, 640), (500, 500), (704, 576), (810, 1080), (640, 360)]
    for width, height in shapes:
        assert network.detect(np.full((height, width, 3), 114, np.uint8)) == []
    assert len(network.detect(BUS)) >= 3
