"""YAML as plain text with lines, however hostile the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config.document import DEEPEST, Document, parse, spell


def read(text: str | bytes) -> Document:
    document = Document()
    parse(text.encode() if isinstance(text, str) else text, document)
    return document


def test_values_stay_the_text_that_was_typed() -> None:
    typed = "mac: 10:20:30:40:50:55\nserial: 0123\nname: no\nday: 2021-07-28\nempty:\nquoted: '~'\n"
    assert read(typed).data == {
        "mac": "10:20:30:40:50:55",
        "serial": "0123",
        "name": "no",
        "day": "2021-07-28",
        "empty": None,
        "quoted": "~",
    }


def test_every_place_knows_its_line_and_a_missing_one_the_line_around_it() -> None:
    document = read("site:\n  id: a\ncameras:\n  - id: c1\n    match:\n      mac: x\n")
    assert document.line(("cameras", 0, "match", "mac")) == 6
    assert document.line(("cameras", 0, "rtsp", "main")) == 4
    assert document.line(("mqtt", "url")) == 1


def test_places_are_spelled_as_people_write_them() -> None:
    assert spell(("cameras", 1, "recording", "segment")) == "cameras[1].recording.segment"


def test_a_key_twice_is_told_with_both_lines() -> None:
    (found,) = read("a: 1\nb: 2\na: 3\n").findings
    assert (found.loc, found.line) == (("a",), 3)
    assert "line 1" in found.en


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: b: c", 1, "syntax"),
        ("a: 1\nb: 'open", 2, "syntax"),
        ("a: \x01", 1, "U+0001"),
        (b"a: 1\nb: \xff", 2, "UTF-8"),
        ("", 1, "empty"),
        ("a: 1\n---\nb: 2", 2, "one YAML document"),
        ("a: !!python/object:os.system x", 1, "in quotes"),
        ("a: &x [*x]", 1, "nested deeper"),
        ("[" * (DEEPEST + 1), 1, "nested deeper"),
        ("? [a, b]\n: c", 1, "one word"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str | bytes, line: int, said: str) -> None:
    (found,) = read(text).findings
    assert found.line == line
    assert said in found.en


def test_aliases_that_multiply_are_refused() -> None:
    rows = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 8)]
    assert "20000 values" in read("\n".join(rows)).findings[0].en


@pytest.mark.parametrize("password", ["*Quan-Su-2021", "!Quan-Su-2021"])
def test_a_password_without_quotes_is_not_repeated_in_the_error(password: str) -> None:
    (found,) = read(f"password: {password}\n").findings
    assert "Quan-Su" not in found.en + found.vi


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    assert isinstance(read(raw), Document)


@given(st.text(alphabet="ab:-[]{}&*!?,#'\"|> \n\t%@", max_size=60))
def test_no_text_of_yaml_signs_makes_it_raise(text: str) -> None:
    read(text)
