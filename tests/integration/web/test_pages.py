"""Footage over HTTP: lists, films and original files, and every wrong way to ask."""

from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from edge_agent.recording.playback import played_seconds
from tests.integration.web.served import Site, at, stamp

FILM = f"/media/yard/{stamp(0)}/{stamp(70)}.mp4"


def test_cameras_are_listed_with_what_is_kept(site: Site) -> None:
    (camera,) = site.ask("/api/cameras").json["cameras"]
    assert camera["id"] == "yard"
    assert (camera["first"], camera["last"]) == (
        "2021-07-28T23:59:50.000Z",
        "2021-07-29T00:01:00.000Z",
    )


def test_a_span_lists_files_and_gaps_across_midnight(site: Site) -> None:
    told = site.ask(f"/api/recordings?camera=yard&from={stamp(2)}&to={stamp(80)}").json
    assert [one["path"] for one in told["segments"]] == site.paths
    assert [(gap["reason"], gap["detail"]) for gap in told["gaps"]] == [
        ("network", "cable"),
        ("", ""),
    ]
    assert (told["recorded_s"], told["lost_s"]) == (13, 65)


def test_a_zone_that_lost_its_plus_on_the_way_is_understood(site: Site) -> None:
    local = "2021-07-29T06:59:50"
    query = f"camera=yard&from={local}+07:00&to={local[:-2]}55%2B07:00"
    told = site.ask(f"/api/recordings?{query}").json
    assert (told["from"], told["recorded_s"]) == ("2021-07-28T23:59:50.000Z", 5)


def test_a_film_is_whole_playable_and_says_when_it_begins(site: Site, tmp_path: Path) -> None:
    answer = site.ask(FILM)
    assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["film-start"] == "2021-07-28T23:59:50.000Z"
    assert (answer.headers["film-seconds"], answer.headers["film-part"]) == ("70.000", "1/1")
    film = tmp_path / "film.mp4"
    film.write_bytes(answer.body)
    assert played_seconds(film) == pytest.approx(70.0)


def test_ranges_add_up_to_the_film(site: Site) -> None:
    whole = site.ask(FILM).body
    got, at_byte = b"", 0
    while at_byte < len(whole):
        answer = site.ask(FILM, Range=f"bytes={at_byte}-{at_byte + 999}")
        assert answer.status == 206
        assert answer.headers["content-range"] == (
            f"bytes {at_byte}-{min(at_byte + 999, len(whole) - 1)}/{len(whole)}"
        )
        got, at_byte = got + answer.body, at_byte + len(answer.body)
    assert got == whole
    assert site.ask(FILM, Range="bytes=-7").body == whole[-7:]
    assert site.ask(FILM, Range=f"bytes=5-{10**17}").body == whole[5:]


def test_head_says_the_same_without_the_bytes(site: Site) -> None:
    full, head = site.ask(FILM), site.ask(FILM, "HEAD")
    assert head.body == b""
    assert {**head.headers, "date": ""} == {**full.headers, "date": ""}
    part = site.ask(FILM, "HEAD", Range="bytes=0-9")
    assert (part.status, part.headers["content-length"]) == (206, "10")


def test_a_film_that_is_known_is_not_sent_again(site: Site) -> None:
    tag = site.ask(FILM, "HEAD").headers["etag"]
    again = site.ask(FILM, If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert site.ask(FILM, Range="bytes=0-9", If_Range=tag).status == 206
    assert site.ask(FILM, Range="bytes=0-9", If_Range='"other"').status == 200


def test_an_original_file_comes_byte_for_byte(site: Site) -> None:
    answer = site.ask(f"/segments/{site.paths[1]}")
    on_disk = (site.layout.recordings / site.paths[1]).read_bytes()
    assert sha256(answer.body).digest() == sha256(on_disk).digest()
    assert site.ask(f"/segments/{site.paths[1]}", Range="bytes=4-7").body == b"ftyp"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/media/yard/{stamp(70)}/{stamp(0)}.mp4", 400, "time.order"),
        (f"/media/yard/{stamp(0)}/{stamp(10**6)}.mp4", 413, "play.too_long"),
        (f"/media/yard/{stamp(20)}/{stamp(40)}.mp4", 404, "play.nothing"),
        (f"/media/gate/{stamp(0)}/{stamp(9)}.mp4", 404, "play.no_camera"),
        (f"/media/ya%00rd/{stamp(0)}/{stamp(9)}.mp4", 404, "play.no_camera"),
        (f"/media/{quote('sân')}/{stamp(0)}/{stamp(9)}.mp4", 404, "play.no_camera"),
        (f"/media/%ff%fe/{stamp(0)}/{stamp(9)}.mp4", 404, "play.no_camera"),
        (f"/media/{'y' * 9000}/{stamp(0)}/{stamp(9)}.mp4", 404, "play.no_camera"),
        ("/media/yard/yesterday/today.mp4", 400, "time.wrong"),
        ("/media/yard/0001-01-01T00:00:00Z/9999-12-31T23:59:59Z.mp4", 413, "play.too_long"),
        (f"/media/yard/%00/{stamp(0)}.mp4", 400, "time.wrong"),
        (f"{FILM}?part=2", 404, "play.nothing"),
        (f"{FILM}?part=0", 400, "web.wrong_part"),
        (f"{FILM}?part={quote('²')}", 400, "web.wrong_part"),
        ("/api/recordings", 400, "web.missing"),
        (f"/api/recordings?camera=yard&from={stamp(0)}&to=2022-01-01T00:00Z", 413, "play.too_long"),
        (f"/api/recordings?camera=%00&from={stamp(0)}&to={stamp(9)}", 404, "play.no_camera"),
        ("/api/recordings?camera=yard&from=-5m&to=%F0%9F%92%A9", 400, "time.wrong"),
        ("/segments/yard/2021-07-28/other.mp4", 404, "play.no_file"),
        ("/segments/../state/web.token", 404, "play.no_file"),
        ("/segments/..%2f..%2fetc%2fpasswd", 404, "play.no_file"),
        ("/segments//etc/passwd", 404, "play.no_file"),
        ("/segments/%00", 404, "play.no_file"),
        ("/segments/yard/2021-07-28/../../state/events.db", 404, "play.no_file"),
        ("/", 404, "web.no_page"),
        ("/docs", 404, "web.no_page"),
    ],
)
def test_a_wrong_question_is_answered_in_words(
    site: Site, path: str, status: int, code: str
) -> None:
    answer = site.ask(path)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.json["vi"] != answer.json["en"]


def test_a_range_outside_the_film_is_refused_with_its_size(site: Site) -> None:
    size = site.ask(FILM, "HEAD").headers["content-length"]
    for wrong in (f"bytes={size}-", "bytes=5-4", "bytes=0-1,3-4", "bytes=" + "0-0," * 2000 + "0-0"):
        answer = site.ask(FILM, Range=wrong)
        assert (answer.status, answer.json["code"]) == (416, "web.wrong_range")
        assert answer.headers["content-range"] == f"bytes */{size}"


def test_nothing_can_be_changed(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = site.ask(FILM, method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_file_that_is_gone_is_said_to_be_gone(site: Site) -> None:
    path = site.record(100, b"gone")
    (site.layout.recordings / path).unlink()
    assert site.ask(f"/segments/{path}").json["code"] == "play.no_file"
    answer = site.ask(f"/media/yard/{stamp(100)}/{stamp(104)}.mp4")
    assert (answer.status, answer.json["code"]) == (404, "play.nothing")


def test_each_film_that_was_looked_at_is_written_down_once(site: Site) -> None:
    path = f"/media/yard/{stamp(1)}/{stamp(4)}.mp4"
    for part in ("bytes=0-9", "bytes=10-19", "bytes=20-"):
        assert site.ask(path, Range=part).status == 206
    site.ask(f"/segments/{site.paths[2]}")
    looks = [(one.who, one.what, one.camera, one.start, one.end) for one in site.looks()]
    assert looks.count(("web", "film", "yard", at(1), at(4))) == 1
    assert ("web", "segment", "yard", at(65), at(70)) in looks


def test_what_was_refused_is_no_look(site: Site) -> None:
    before = site.looks()
    site.ask(f"/media/yard/{stamp(20)}/{stamp(40)}.mp4")
    site.ask(f"/segments/{site.paths[2]}", Authorization="Bearer wrong")
    assert site.looks() == before
