"""From a document to a CenterConfig, or to everything that is wrong with it."""

from pathlib import Path

import pytest

from edge_agent.config.center import CenterConfig, judge_center, load_center
from edge_agent.config.document import Document, Loc, parse, spell
from edge_agent.config.loader import ConfigTrouble, render
from edge_agent.config.words import allowed, block, every_key, place


def told(text: str) -> list[str]:
    document = Document()
    parse(text.encode(), document)
    _, findings = judge_center(document, Path("/etc/center"))
    return [
        line.split(": ", 1)[1].split(" / ")[-1] for line in render(Path("x"), document, findings)
    ]


def test_a_block_with_a_name_is_enough() -> None:
    document = Document()
    parse(b"center: {id: district-3}\n", document)
    config, findings = judge_center(document, Path("/etc/center"))
    assert findings == []
    assert config is not None
    assert (config.center.id, config.storage.state) == ("district-3", Path("/etc/center/state"))


def test_a_fault_in_one_place_does_not_hide_those_of_others() -> None:
    lines = told(
        "center: {id: Ä, timezone: Mars}\n"
        "storage: {database: mysql://x}\n"
        "mqtt: {url: 'mqtt://far.example', usr: x}\n"
        "foo: 1\n"
        "ingest: {batch: 0, wait: 5s}\n"
    )
    assert len(lines) == 8


@pytest.mark.parametrize(
    "text",
    [
        "mqtt: {password: Quan-Su-2021}",
        "storage: {database: 'postgresql://u:Quan-Su-2021@h/x'}",
        "mqtt: {url: 'mqtts://u:Quan-Su-2021@h'}",
    ],
)
def test_a_password_is_told_of_and_never_repeated(text: str) -> None:
    lines = told(text)
    assert len(lines) >= 1
    assert "Su-2021" not in str(lines)


@pytest.mark.parametrize("text", ["", "- a\n", "center: [", "center: 3\n"])
def test_what_is_no_configuration_is_told_with_the_command_that_checks_it(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "center.yaml"
    path.write_text(text)
    with pytest.raises(ConfigTrouble, match="edge-agent center check-config"):
        load_center(path)


@pytest.mark.parametrize(
    "loc",
    [loc for loc in every_key(CenterConfig, ()) if not block(place(loc, CenterConfig)[0])],
    ids=spell,
)
def test_every_key_can_say_what_it_allows(loc: Loc) -> None:
    vi, en = allowed(*place(loc, CenterConfig))
    assert vi
    assert en
