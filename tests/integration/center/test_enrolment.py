"""A box and a center over real HTTPS: slip, key, officer, certificate; and all who may not."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.routing import Route

from edge_agent.center.authority.home import Home
from edge_agent.center.authority.keeper import Authority
from edge_agent.center.enrolment import rules
from edge_agent.center.enrolment.routes import enrolment
from edge_agent.center.http import Wing, answer, application
from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol import keys
from edge_agent.link.enrol.enrol import Enrolled, renew, renewal_words
from edge_agent.runtime.clock import SystemClock
from tests.integration.broker import until
from tests.integration.center.conftest import NOW
from tests.integration.center.enrolling import (
    BROKER,
    COMMAND_KEY,
    DAY,
    Box,
    Center,
    enrolled,
)


@pytest.fixture
def center(authority: Authority, serve: Callable[..., int]) -> Center:
    return Center(authority, serve)


def code_of(box: Box) -> str:
    result = box.end()
    assert isinstance(result, Trouble), result
    return result.code


def test_a_box_becomes_a_site_when_the_officer_sees_the_same_key(
    center: Center, tmp_path: Path
) -> None:
    box = Box(tmp_path / "box")
    box.enrol(center.slip())
    until(lambda: box.told == ["waiting"])
    (ticket,) = center.desk.all()
    assert (ticket.state, keys.short(ticket.key)) == ("waiting", box.key)
    with pytest.raises(Trouble) as caught:
        center.desk.approve(ticket.id, "Đ/c Lan", "0000-0000-0000-0000-0000")
    assert caught.value.code == "enrolment.other_key"
    center.desk.approve(ticket.id, "Đ/c Lan", box.key)
    done = box.end()
    assert isinstance(done, Enrolled)
    assert done.broker == BROKER
    identity = box.identity
    shown = keys.read_certificate(identity.pem.read_text())
    assert (shown.name, shown.key, shown.ends) == ("khu-a", ticket.key, done.until)
    context = ssl.create_default_context(cafile=identity.authority)
    context.load_cert_chain(identity.pem, identity.pem)
    assert identity.command_key.read_text() == COMMAND_KEY
    modes = {path.name: path.stat().st_mode & 0o777 for path in identity.folder.iterdir()}
    assert modes == {"identity.pem": 0o600, "ca.pem": 0o644, "command-key.pem": 0o644}
    assert identity.folder.stat().st_mode & 0o777 == 0o700


def test_the_key_is_nowhere_at_the_center(center: Center, tmp_path: Path) -> None:
    box = enrolled(center, tmp_path / "box")
    secret = keys.key_pem(box.identity.current()[0]).splitlines()[1]
    code = center.slip("khu-b").code
    center.desk.authority.rows.read("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in center.desk.authority.home.folder.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes(), path
            assert code.encode() not in path.read_bytes(), path


def test_a_box_that_was_switched_off_while_it_waited_goes_on_with_the_same_slip(
    center: Center, tmp_path: Path
) -> None:
    slip, first = center.slip(), Box(tmp_path / "box")
    first.enrol(slip)
    until(lambda: first.told == ["waiting"])
    first.stop.set()
    assert first.end() is None
    again = Box(tmp_path / "box")
    assert again.key == first.key
    center.desk.approve(1, "Đ/c Lan", again.key)
    again.enrol(slip)
    assert isinstance(again.end(), Enrolled)
    assert again.told == []


def test_a_code_works_once_and_for_a_day(center: Center, tmp_path: Path) -> None:
    slip, thief = center.slip(), Box(tmp_path / "thief")
    box = Box(tmp_path / "box")
    box.enrol(slip)
    until(lambda: box.told == ["waiting"])
    thief.enrol(slip)
    assert code_of(thief) == "enrol.refused"
    box.stop.set()
    box.end()
    late = center.slip("khu-b")
    center.clock.pass_time(rules.CODE_LIFE.total_seconds())
    box = Box(tmp_path / "late")
    box.enrol(late)
    assert code_of(box) == "enrol.refused"


def test_a_newer_slip_takes_the_place_of_the_older(center: Center, tmp_path: Path) -> None:
    older, _newer = center.slip(), center.slip()
    box = Box(tmp_path / "box")
    box.enrol(older)
    assert code_of(box) == "enrol.refused_by_officer"


def test_an_officer_who_refuses_is_heard_with_the_reason(center: Center, tmp_path: Path) -> None:
    box = Box(tmp_path / "box")
    box.enrol(center.slip())
    until(lambda: box.told == ["waiting"])
    center.desk.refuse(1, "Đ/c Lan", "chưa nghiệm thu")
    assert code_of(box) == "enrol.refused_by_officer"
    assert "chưa nghiệm thu" in str(box.result)
    assert not box.identity.pem.exists()
    with pytest.raises(Trouble) as caught:
        center.desk.approve(1, "Đ/c Lan", box.key)
    assert caught.value.code == "enrolment.not_waiting"


def test_five_wrong_codes_lock_a_site_even_for_the_right_one_until_five_minutes_are_over(
    center: Center,
) -> None:
    slip = center.slip()
    assert [center.try_code("0" * 16) for _ in range(5)] == [403] * 5
    assert center.try_code(slip.code) == 429
    center.clock.pass_time(rules.LOCK.total_seconds() - 1)
    assert center.try_code(slip.code) == 429
    center.clock.pass_time(2)
    assert center.try_code(slip.code) == 200


def test_five_wrong_codes_lock_their_source_for_every_site(center: Center) -> None:
    other = center.slip("khu-z")
    for site in ("khu-a", "khu-b", "khu-c", "khu-d", "khu-e"):
        assert center.try_code("0" * 16, site) == 403
    assert center.try_code(other.code, "khu-z") == 429


def test_an_unknown_site_a_wrong_an_old_and_a_used_code_get_the_same_answer(
    center: Center,
) -> None:
    slip = center.slip()
    answers = set()
    for site, code in (("khu-x", "0" * 16), ("khu-a", "0" * 16)):
        said = {"site": site, "code": code, "request": keys.request(keys.new_key(), site)}
        answers.add(str(center.post("/enrol/v1/certificate", said)))
    assert center.try_code(slip.code) == 200
    said = {"site": "khu-a", "code": slip.code, "request": keys.request(keys.new_key(), "khu-a")}
    answers.add(str(center.post("/enrol/v1/certificate", said)))
    assert answers == {"(403, {'code': 'enrol.refused'})"}


@pytest.mark.parametrize("path", ["/enrol/v1/certificate", "/enrol/v1/renewal"])
def test_what_is_malformed_is_refused_without_a_reason(center: Center, path: str) -> None:
    key = keys.new_key()
    request = keys.request(key, "khu-a")
    bodies: list[object] = [
        *(b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 5000, b'{"site": "\\ud800"}'),
        {"site": "khu-a"},
        {"site": 1, "code": [], "request": {}},
        {"site": "khu-a", "code": "x", "request": "no CSR"},
        {"site": "\ud800", "code": "x", "request": request},
        {"site": "khu-b", "code": "x", "request": request},
        {"site": "khu-a", "code": "x" * 65, "request": request},
        {"site": "khu-a", "code": "x", "request": request, "more": ""},
        {"certificate": "x", "request": request, "signature": "!"},
        {"certificate": "x", "request": request, "signature": ""},
    ]
    for body in bodies:
        assert center.post(path, body) == (400, {"code": "enrol.malformed"}), body
    assert center.post(path, b"x" * 20_000)[0] == 413


def test_another_authority_than_the_slip_s_is_an_impostor_and_hears_nothing(
    center: Center, tmp_path: Path
) -> None:
    box = Box(tmp_path / "box")
    box.enrol(replace(center.slip(), authority="0" * 64))
    assert code_of(box) == "enrol.impostor"
    assert [one.state for one in center.desk.all()] == ["open"]


def test_an_impostor_that_shows_the_right_authority_cannot_prove_to_be_of_it(
    authority: Authority, center: Center, tmp_path: Path, serve: Callable[..., int]
) -> None:
    """It serves the true certificate, followed by its own, over TLS of its own authority."""
    own = Authority.create(Home(tmp_path / "impostor"), "x", ("127.0.0.1",), NOW)
    heard: list[str] = []

    async def show(_request: object) -> Response:
        return answer(200, {"authority": authority.pem + own.pem})

    async def hear(_request: object) -> Response:
        heard.append("code")
        return answer(200, {"state": "waiting"})

    routes = [
        Route("/v1/authority", show),
        Route("/v1/certificate", hear, methods=["POST"]),
    ]
    app = application([Wing("/enrol", routes)], SystemClock())
    port = serve(app, identity=own.home.https)
    box = Box(tmp_path / "box")
    box.enrol(replace(center.slip(), center=f"127.0.0.1:{port}"))
    assert code_of(box) == "enrol.impostor"
    assert heard == []
    own.close()


def test_a_center_at_an_address_that_is_not_in_its_certificate_is_an_impostor(
    center: Center, tmp_path: Path, serve: Callable[..., int]
) -> None:
    app = application([enrolment(center.desk, BROKER, tmp_path / "none")], SystemClock())
    box = Box(tmp_path / "box")
    box.enrol(replace(center.slip(), center=f"127.0.0.2:{serve(app, '127.0.0.2')}"))
    assert code_of(box) == "enrol.impostor"


def test_a_line_that_is_down_is_waited_out(center: Center, tmp_path: Path) -> None:
    box = Box(tmp_path / "box")
    box.enrol(replace(center.slip(), center="127.0.0.1:1"))
    until(lambda: box.told == ["enrol.unreachable"])
    box.stop.set()
    assert box.end() is None


def test_approving_a_new_box_revokes_what_the_site_had(center: Center, tmp_path: Path) -> None:
    former = enrolled(center, tmp_path / "old").identity.current()[1]
    enrolled(center, tmp_path / "new")
    register = center.desk.authority.register
    old, new = register.of("khu-a")
    assert old.serial == keys.read_certificate(former).serial
    assert (old.revoked is None, new.revoked is None) == (False, True)
    assert center.desk.authority.revoked_since(NOW) == ("khu-a",)


# ---------------------------------------------------------------------- renewal
def test_a_certificate_is_renewed_with_a_new_key_in_the_name_of_the_old_one(
    center: Center, tmp_path: Path
) -> None:
    box = enrolled(center, tmp_path / "box")
    before = box.identity.pem.read_bytes()
    assert renew(center.address, "khu-a", box.identity) == ("early", None)
    assert box.identity.pem.read_bytes() == before
    center.clock.pass_time(250 * DAY)
    state, ends = renew(center.address, "khu-a", box.identity)
    assert state == "renewed"
    assert ends is not None
    assert ends > NOW + timedelta(days=600)
    key, certificate = box.identity.current()
    assert keys.key_pem(key) not in before
    assert keys.read_certificate(certificate).key == keys.fingerprint(key.public_key())
    old, new = center.desk.authority.register.of("khu-a")
    assert (old.revoked is None, new.revoked is None) == (False, True), "the old key is retired"


def test_an_answer_that_was_lost_is_given_again_and_the_old_one_counts_until_then(
    center: Center, tmp_path: Path
) -> None:
    box = enrolled(center, tmp_path / "box")
    center.clock.pass_time(250 * DAY)
    key, certificate = box.identity.current()
    request = keys.request(box.identity.coming_key(), "khu-a")
    signature = keys.sign(key, renewal_words(request))
    lost = center.desk.renew(certificate, request, signature, "10.0.0.1")
    assert lost.verdict == "approved"
    assert [one.revoked for one in center.desk.authority.register.of("khu-a")] == [None, None]
    assert renew(center.address, "khu-a", box.identity)[0] == "renewed"
    assert keys.only(box.identity.current()[1]) == keys.only(lost.certificate)
    old, _new = center.desk.authority.register.of("khu-a")
    assert old.revoked is not None


def test_after_its_end_an_officer_must_look_and_after_thirty_days_only_a_new_slip_helps(
    center: Center, tmp_path: Path
) -> None:
    box = enrolled(center, tmp_path / "box")
    center.clock.pass_time(370 * DAY)
    for _ in range(2):
        assert renew(center.address, "khu-a", box.identity) == ("waiting", None)
    ticket = center.desk.all()[-1]
    assert (len(center.desk.all()), ticket.kind) == (2, "grace")
    center.desk.approve(ticket.id, "Đ/c Lan", box.key)
    assert renew(center.address, "khu-a", box.identity)[0] == "renewed"
    center.clock.pass_time(400 * DAY)
    with pytest.raises(Trouble) as caught:
        renew(center.address, "khu-a", box.identity)
    assert caught.value.code == "enrol.refused"


def test_a_revoked_box_is_not_renewed(center: Center, tmp_path: Path) -> None:
    box = enrolled(center, tmp_path / "box")
    center.desk.authority.revoke("khu-a", NOW, "Đ/c Lan", "mất máy")
    center.clock.pass_time(300 * DAY)
    with pytest.raises(Trouble) as caught:
        renew(center.address, "khu-a", box.identity)
    assert caught.value.code == "enrol.refused"


def test_nobody_renews_with_another_s_certificate(center: Center, tmp_path: Path) -> None:
    """A certificate is public; the signature must be of its key, and the name its own."""
    mine, other = enrolled(center, tmp_path / "a"), enrolled(center, tmp_path / "b", "khu-b")
    center.clock.pass_time(300 * DAY)
    mixed = mine.identity
    key = keys.key_pem(mixed.current()[0])
    mixed.pem.write_bytes(key + keys.only(other.identity.current()[1]))
    for site in ("khu-a", "khu-b"):
        with pytest.raises(Trouble) as caught:
            renew(center.address, site, mixed)
        assert caught.value.code == "enrol.refused"
    assert len(center.desk.authority.register.of("khu-b")) == 1


def test_a_certificate_for_another_key_changes_nothing(center: Center, tmp_path: Path) -> None:
    box = enrolled(center, tmp_path / "box")
    before = box.identity.pem.read_bytes()
    authority = center.desk.authority
    foreign = authority.sign(keys.request(keys.new_key(), "khu-a"), "khu-a", NOW).pem
    for certificate in (foreign, authority.pem, "", "nonsense"):
        with pytest.raises(Trouble) as caught:
            box.identity.settle(certificate, "khu-a", authority.pem, "")
        assert caught.value.code == "enrol.not_ours"
    assert box.identity.pem.read_bytes() == before
