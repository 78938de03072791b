"""The manifest of the models that ship, and manifests that must not be believed."""

from pathlib import Path

import pytest

from edge_agent.config.manifest import read_manifest
from edge_agent.core.trouble import Trouble

SHIPPED = Path(__file__).resolve().parents[3] / "models" / "manifest.yaml"
GOOD = """
models:
  person:
    default: fp32
    labels: [person]
    note: keys that only describe are passed over
    input: {shape: [1, 3, 384, 640]}
    threshold: 0.4
    licence: AGPL-3.0-or-later
    provenance: trained here
    variants:
      fp32:
        backend: openvino
        files: {person.xml: %s}
"""


def test_the_shipped_manifest_names_files_with_their_sums() -> None:
    manifest = read_manifest(SHIPPED)
    assert "person" in manifest.models
    assert manifest.models["person"].variants[manifest.models["person"].default].files


def test_a_manifest_may_describe_more_than_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(GOOD % ("a" * 64))
    model = read_manifest(path).models["person"]
    assert (model.threshold, model.thresholds, model.labels) == (0.4, None, ("person",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD % "123", "person.xml"),
        (GOOD % ("A" * 64), "person.xml"),
        ((GOOD % ("a" * 64)).replace("person.xml", "../person.xml"), "files"),
        ((GOOD % ("a" * 64)).replace("person.xml", "/etc/passwd"), "files"),
        ((GOOD % ("a" * 64)).replace("default: fp32", "default: int8"), "none of"),
        ((GOOD % ("a" * 64)).replace("0.4", "4"), "threshold"),
        ((GOOD % ("a" * 64)).replace("openvino", "abacus"), "backend"),
        ("models: {}", "models"),
        ("- list", "manifest"),
        ("a: [", "manifest"),
        ("a: !!python/object/apply:os.system [x]", "manifest"),
        ("a: 2021-99-99", "manifest"),
        ("[" * 5000, "manifest"),
        ("", "manifest"),
    ],
)
def test_a_bad_manifest_is_a_trouble_that_names_the_fault(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(text)
    with pytest.raises(Trouble) as caught:
        read_manifest(path)
    assert caught.value.code == "model.manifest"
    assert said in caught.value.en


def test_a_manifest_that_is_not_there_is_a_trouble(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="manifest"):
        read_manifest(tmp_path / "manifest.yaml")
