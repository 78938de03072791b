"""The manifest beside the models: it names what is there, and only that."""

import pytest

from models.train import manifest

ENTRY = {"default": "fp32", "variants": {}}


def test_every_shipped_file_is_the_one_described():
    assert manifest.faults() == []


def test_every_shipped_model_file_is_described():
    described = {
        name
        for entry in manifest.read()["models"].values()
        for each in entry["variants"].values()
        for name in each["files"]
    }
    present = {
        path.name for path in manifest.FOLDER.iterdir() if path.suffix in {".xml", ".bin", ".pt"}
    }
    assert present == described


@pytest.mark.parametrize(
    ("model", "labels"),
    [
        ("person", ["person"]),
        ("face", ["worn", "absent", "incorrect"]),
        ("mask", ["worn", "absent", "incorrect", "unknown"]),
    ],
)
def test_each_model_says_what_it_is(model, labels):
    entry = manifest.read()["models"][model]
    assert entry["labels"] == labels
    assert entry["licence"]
    assert entry["provenance"]
    assert len(entry["input"]["shape"]) == 4


def test_a_changed_or_lost_file_is_told(tmp_path):
    for name in ("one.bin", "two.bin"):
        (tmp_path / name).write_bytes(b"weights")
    variant = manifest.variant("openvino", ["one.bin", "two.bin"], tmp_path)
    manifest.put("person", {"default": "fp32", "variants": {"fp32": variant}}, tmp_path)
    assert manifest.faults(tmp_path) == []
    (tmp_path / "one.bin").write_bytes(b"other")
    (tmp_path / "two.bin").unlink()
    assert manifest.faults(tmp_path) == [
        "person: one.bin is not the file that was described",
        "person: two.bin is missing",
    ]


def test_a_default_that_does_not_exist_is_told(tmp_path):
    manifest.put("person", ENTRY, tmp_path)
    assert manifest.faults(tmp_path) == ["person: default fp32 is no variant"]


def test_writing_one_model_keeps_the_others(tmp_path):
    manifest.put("person", ENTRY, tmp_path)
    manifest.put("mask", ENTRY, tmp_path)
    assert set(manifest.read(tmp_path)["models"]) == {"person", "mask"}
