"""From a document to a Config, or to everything that is wrong with it."""

from pathlib import Path
from types import UnionType
from typing import get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.checks import broker, known_zone, loopback
from edge_agent.config.document import Document, Loc, parse, spell
from edge_agent.config.loader import ConfigTrouble, judge, load, render
from edge_agent.config.schema import Config
from edge_agent.config.slice import Slice
from edge_agent.config.words import allowed, block, every_key, place

SITE = "site: {id: a-school}\n"


def told(text: str) -> list[str]:
    document = Document()
    parse(text.encode(), document)
    _, findings = judge(document, Path("/etc/edge-agent"))
    return [
        line.split(": ", 1)[1].split(" / ")[-1] for line in render(Path("x"), document, findings)
    ]


def config(text: str) -> Config:
    document = Document()
    parse(text.encode(), document)
    found, findings = judge(document, Path("/etc/edge-agent"))
    assert not findings
    assert found is not None
    return found


def test_the_least_configuration_is_a_site_with_a_name() -> None:
    assert config(SITE).site.id == "a-school"


def test_relative_paths_start_at_the_file() -> None:
    said = config(SITE + "storage: {state: state, recordings: /mnt/disk}\n")
    assert said.storage.state == Path("/etc/edge-agent/state")
    assert said.storage.recordings == Path("/mnt/disk")
    assert said.credentials == Path("/etc/edge-agent/credentials.yaml")


def test_text_that_looks_like_something_else_stays_text() -> None:
    said = config(SITE + "cameras:\n  - {id: 0123, name: no, match: {mac: 10:20:30:40:50:55}}\n")
    camera = said.cameras[0]
    assert (camera.id, camera.name) == ("0123", "no")
    assert camera.match is not None
    assert camera.match.mac == "10:20:30:40:50:55"


def test_a_fault_in_one_place_does_not_hide_those_of_others() -> None:
    lines = told(
        "site: {id: a-school, timezone: Nowhere/Town}\n"
        "recording: {segment: 5, floor_days: 60, ceiling_days: 40}\n"
        "cameras:\n"
        "  - {name: no id}\n"
        "  - {id: c1, match: {host: h1}, place: roof}\n"
        "  - {id: c1, match: {host: h2}}\n"
    )
    assert len(lines) == 6


def test_what_follows_from_a_broken_value_is_not_told_twice() -> None:
    assert len(told(SITE + "recording: {floor_days: many, ceiling_days: 31}\n")) == 1
    assert len(told(SITE + "cameras: [{id: c1, rtsp: {main: nonsense}}]\n")) == 1
    assert len(told(SITE + "mqtt: {url: mqtt://u:p@far.example}\n")) == 1


def test_a_password_is_never_repeated() -> None:
    document = Document()
    text = SITE + (
        "password: Quan-Su-2021\n"
        "mqtt: {url: 'mqtts://u:Quan-Su-2021@h'}\n"
        "cameras: [{id: c1, rtsp: {main: 'rtsp://u:Quan/Su-2021@h/x'}, pwd: Quan-Su-2021}]\n"
        "discovery: {hosts: ['http://u:Quan-Su-2021@h']}\n"
    )
    parse(text.encode(), document)
    _, findings = judge(document, Path("/"))
    assert len(findings) >= 5
    assert "Su-2021" not in str(findings)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("mqtt://127.0.0.1", "127.0.0.1", 1883),
        ("mqtts://district.example", "district.example", 8883),
        ("mqtts://[::1]:1234", "::1", 1234),
        ("mqtt://h:99999", "", None),
        ("mqtt://h:0", "h", None),
    ],
)
def test_a_broker_is_a_host_and_a_port(url: str, host: str, port: int | None) -> None:
    assert broker(url) == (host, port)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.3.2.1", "::1"])
def test_in_the_clear_is_for_this_machine(host: str) -> None:
    assert loopback(host)
    assert not loopback("127.0.0.1.example")


@pytest.mark.parametrize("name", ["", "Asia", "/etc/localtime", "../x", "Asia/Nowhere", "\0"])
def test_what_is_no_time_zone_is_told_not_raised(name: str) -> None:
    assert not known_zone(name)
    assert known_zone("Asia/Ho_Chi_Minh")


def leaves() -> list[Loc]:
    return [loc for loc in every_key(Config, ()) if not block(place(loc)[0])]


@pytest.mark.parametrize("loc", leaves(), ids=spell)
def test_every_key_can_say_what_it_allows(loc: Loc) -> None:
    vi, en = allowed(*place(loc))
    assert vi
    assert en
    assert vi != en


def test_every_slice_refuses_unknown_keys_and_infinite_numbers() -> None:
    for loc in every_key(Config, ()):
        annotation = place(loc)[0]
        if get_origin(annotation) is not UnionType and isinstance(annotation, type):
            for inner in (annotation, *get_args(annotation)):
                if isinstance(inner, type) and issubclass(inner, Slice):
                    assert inner.model_config["extra"] == "forbid"
                    assert inner.model_config["allow_inf_nan"] is False


words = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "a", "-1", "1", "10s", "99d", "nan", "inf", "1e400", "true", "c1", "rtsp://h/x"]
    ),
)
values = st.recursive(
    words,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(sorted({str(loc[-1]) for loc in every_key(Config, ())})), inner
        ),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(Config.model_fields)), values))
def test_whatever_the_file_says_it_is_judged_and_never_raises(data: dict[str, object]) -> None:
    document = Document(data=data, lines={(): 1})
    found, findings = judge(document, Path("/etc/edge-agent"))
    assert found is not None or findings
    assert all(line.startswith("x:1: ") for line in render(Path("x"), document, findings))


def test_the_trouble_says_every_line_and_what_to_do() -> None:
    trouble = ConfigTrouble(Path("site.yaml"), ("site.yaml:1: a: b / c", "site.yaml:2: d: e / f"))
    assert str(trouble).splitlines()[:2] == list(trouble.lines)
    assert "check-config" in trouble.en
    assert trouble.code == "config.invalid"


def test_fewer_than_thirty_days_need_a_written_reason(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    text = "site: {id: a}\nrecording: {floor_days: 7, ceiling_days: 10"
    path.write_text(text + "}\n")
    with pytest.raises(ConfigTrouble, match=r"recording\.floor_override why"):
        load(path)
    path.write_text(text + ", floor_override: 'CV 123/2021'}\n")
    assert load(path).recording.floor_days == 7
