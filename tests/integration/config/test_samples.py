"""The samples in configs/: the reference says every key, the bad ones say what is wrong."""

import re
import shutil
from pathlib import Path

import pytest

from edge_agent.config.center import CenterConfig, load_center
from edge_agent.config.document import read
from edge_agent.config.loader import ConfigTrouble, load
from edge_agent.config.schema import Config
from edge_agent.config.secrets import read_credentials
from edge_agent.config.words import every_key

CONFIGS = Path(__file__).resolve().parents[3] / "configs"
EXAMPLE = CONFIGS / "site.example.yaml"
CENTER = CONFIGS / "center.example.yaml"
PROFILES = sorted(CONFIGS.glob("profile-*.yaml"))
BAD = sorted((CONFIGS / "bad").glob("*.yaml"))

# Where the example says something else than the default, it says "example" in a comment.
OWN_VALUES = {
    **dict.fromkeys(("site", "storage", "cameras", "credentials"), True),
    "rules": {
        **dict.fromkeys(("schedules", "cohorts", "zone", "line", "fence", "occupancy"), True),
        "mask": {"exempt"},
    },
}
CENTERS_OWN = {"center", "storage", "credentials", "https"}


def keys_of(example: Path) -> set[tuple[str | int, ...]]:
    return {
        tuple(0 if isinstance(part, int) else part for part in loc)
        for loc in read(example).lines
        if loc and isinstance(loc[-1], str)
    }


@pytest.mark.parametrize(("example", "root"), [(EXAMPLE, Config), (CENTER, CenterConfig)])
def test_an_example_has_every_key_of_the_code_and_no_other(
    example: Path, root: type[Config | CenterConfig]
) -> None:
    assert keys_of(example) == set(every_key(root, ()))


def test_the_centers_example_is_correct_and_its_other_values_are_the_defaults() -> None:
    example = load_center(CENTER).model_dump(exclude=CENTERS_OWN)
    assert example == CenterConfig().model_dump(exclude=CENTERS_OWN)


def test_the_example_is_correct_and_its_other_values_are_the_defaults() -> None:
    example = load(EXAMPLE).model_dump(exclude=OWN_VALUES)
    plain = Config.model_validate({"site": {"id": "x"}}).model_dump(exclude=OWN_VALUES)
    assert example == plain


@pytest.mark.parametrize("example", [EXAMPLE, CENTER])
def test_every_key_of_an_example_is_explained(example: Path) -> None:
    lines = example.read_text(encoding="utf-8").splitlines()
    bare = [
        line.strip()
        for above, line in zip(["", *lines], lines, strict=False)
        if re.match(r"\s*(- )?[a-z_]+: \S", line) and not above.strip().startswith("#")
    ]
    explained_by_their_block = {"id", "name", "pixel", "metres", "enabled", "limit"}
    assert [
        one for one in bare if one.split(":")[0].lstrip("- ") not in explained_by_their_block
    ] == []


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_profile_can_be_used_as_it_stands(path: Path) -> None:
    profile = load(path)
    assert profile.recording.floor_days >= 30
    assert profile.rules.zone
    assert profile.rules.line


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_sample_says_exactly_what_it_should(path: Path) -> None:
    expected = [
        line.removeprefix("# expect: ").split(": ", 2)
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("# expect: ")
    ]
    with pytest.raises(ConfigTrouble) as caught:
        load(path)
    lines = caught.value.lines
    assert len(lines) == len(expected)
    for said, (line, key, text) in zip(lines, expected, strict=True):
        assert said.startswith(f"{path}:{line}: {key}: ")
        assert said.endswith(text)


def test_there_are_bad_samples_of_every_kind() -> None:
    assert {"keys", "values", "together", "cameras", "secrets", "syntax"} <= {
        path.stem for path in BAD
    }


def test_a_configuration_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigTrouble, match="cannot be read"):
        load(tmp_path / "site.yaml")


def test_a_configuration_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("# x\n" * 250_000)
    with pytest.raises(ConfigTrouble, match="larger than"):
        load(path)


def test_the_sample_credentials_can_be_read_and_hold_no_default(tmp_path: Path) -> None:
    path = tmp_path / "credentials.yaml"
    shutil.copy(CONFIGS / "credentials.example.yaml", path)
    path.chmod(0o600)
    credentials = read_credentials(path, lambda _: None)
    assert set(credentials.cameras) == {"default", "cong-chinh"}
    assert credentials.mqtt is not None
    assert credentials.warnings == ()
