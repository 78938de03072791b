"""The authority: what it signs, what it refuses, its files, and `openssl`'s opinion of them."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.center.authority.home import Home
from edge_agent.center.authority.keeper import Authority
from edge_agent.center.authority.key_file import read_passphrase
from edge_agent.core.trouble import Trouble
from edge_agent.link.enrol import keys
from tests.integration.center.conftest import NOW

YEAR = timedelta(days=365)


def code_of(trouble: pytest.ExceptionInfo[Trouble]) -> str:
    assert trouble.value.vi != trouble.value.en
    return trouble.value.code


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def openssl(*words: object) -> tuple[int, str]:
    done = subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def signed(authority: Authority, site: str = "khu-a") -> str:
    return authority.sign(keys.request(keys.new_key(), site), site, NOW).pem


def test_private_keys_are_for_one_user_and_only_the_broker_s_for_its_group(
    authority: Authority,
) -> None:
    home = authority.home
    assert [mode(p) for p in (home.key, home.https, home.center)] == [0o600] * 3
    assert [mode(p) for p in (home.broker_identity, home.revocations)] == [0o640] * 2
    assert (mode(home.key.parent), mode(home.broker)) == (0o700, 0o750)


def test_openssl_believes_each_certificate_for_its_own_purpose_alone(
    authority: Authority, tmp_path: Path
) -> None:
    site = tmp_path / "site.pem"
    site.write_text(signed(authority))
    home = authority.home
    for path, right, wrong in (
        (site, "sslclient", "sslserver"),
        (home.center, "sslclient", "sslserver"),
        (home.broker_identity, "sslserver", "sslclient"),
        (home.https, "sslserver", "sslclient"),
    ):
        command = "verify", "-x509_strict", "-CAfile", home.certificate, "-CRLfile"
        for purpose, expected in ((right, 0), (wrong, 2)):
            done = openssl(*command, home.revocations, "-crl_check", "-purpose", purpose, path)
            assert done[0] == expected, (path, purpose, done)


def test_a_site_s_certificate_lasts_a_year_and_bears_the_key_that_was_sent(
    authority: Authority,
) -> None:
    key = keys.new_key()
    made = authority.sign(keys.request(key, "khu-a"), "khu-a", NOW)
    shown = keys.read_certificate(made.pem)
    assert (shown.name, shown.key) == ("khu-a", keys.fingerprint(key.public_key()))
    assert (shown.serial, shown.ends) == (made.serial, NOW.replace(microsecond=0) + YEAR)
    assert authority.register.find(made.serial) == made
    assert keys.issued_by(made.pem, authority.pem)
    assert not shown.due(NOW + YEAR * 0.66)
    assert shown.due(NOW + YEAR * 0.67)


@pytest.mark.parametrize(
    "name", ["state", ".center", "center/x", "Khu-A", "", "#", "a" * 64, "khu a"]
)
def test_nobody_gets_a_name_that_would_open_another_s_topics(
    authority: Authority, name: str
) -> None:
    request = keys.request(keys.new_key(), name or "x")
    with pytest.raises(Trouble) as caught:
        authority.sign(request, name, NOW)
    assert code_of(caught) == "authority.name"


def test_a_request_for_another_name_or_with_a_broken_signature_is_refused(
    authority: Authority,
) -> None:
    other = keys.request(keys.new_key(), "khu-b")
    broken = other[:300] + ("A" if other[300] != "A" else "B") + other[301:]
    for text in (other, broken, "", "nonsense", authority.pem):
        with pytest.raises(Trouble) as caught:
            authority.sign(text, "khu-a", NOW)
        assert code_of(caught) == "authority.request"
    assert authority.register.of("khu-a") == ()


def test_another_kind_of_key_is_refused(authority: Authority, tmp_path: Path) -> None:
    for kind in (("rsa:2048",), ("ec", "-pkeyopt", "ec_paramgen_curve:secp384r1")):
        csr = tmp_path / "csr"
        openssl("req", "-new", "-newkey", *kind, "-nodes", "-keyout", tmp_path / "k", "-out", csr,
                "-subj", "/CN=khu-a")  # fmt: skip
        with pytest.raises(Trouble, match="P-256"):
            authority.sign(csr.read_text(), "khu-a", NOW)


def test_a_revoked_site_is_on_the_list_and_the_others_are_not(
    authority: Authority, tmp_path: Path
) -> None:
    paths = {}
    for site in ("khu-a", "khu-b"):
        paths[site] = tmp_path / f"{site}.pem"
        paths[site].write_text(signed(authority, site))
    taken = authority.revoke("khu-a", NOW, "Đ/c Lan", "máy bị mất")
    assert [one.name for one in taken] == ["khu-a"]
    for site, expected in (("khu-a", 2), ("khu-b", 0)):
        done = openssl("verify", "-CAfile", authority.home.certificate, "-crl_check", "-CRLfile",
                       authority.home.revocations, paths[site])  # fmt: skip
        assert done[0] == expected, done
    found = authority.register.of("khu-a")[0]
    assert (found.revoked_by, found.reason) == ("Đ/c Lan", "máy bị mất")
    assert not found.valid(NOW)
    for what in ("khu-a", found.serial, "khu-c"):
        with pytest.raises(Trouble) as caught:
            authority.revoke(what, NOW, "x", "again")
        assert code_of(caught) == "authority.nothing"


def test_the_list_does_not_run_out_before_the_authority(authority: Authority) -> None:
    _code, text = openssl("crl", "-in", authority.home.revocations, "-noout", "-nextupdate")
    assert str((NOW + 20 * YEAR).year) in text


def test_an_authority_is_never_overwritten_and_opens_again(authority: Authority) -> None:
    with pytest.raises(Trouble) as caught:
        Authority.create(authority.home, "other", ("127.0.0.1",), NOW)
    assert code_of(caught) == "authority.exists"
    again = Authority.open(authority.home)
    assert again.digest == authority.digest
    assert again.register.all() == authority.register.all()
    again.close()
    _code, text = openssl("x509", "-in", authority.home.certificate, "-noout", "-fingerprint",
                          "-sha256")  # fmt: skip
    assert text.strip().rpartition("=")[2].replace(":", "").lower() == authority.digest


def test_a_passphrase_closes_the_key(tmp_path: Path) -> None:
    home, words = Home(tmp_path / "center"), tmp_path / "passphrase"
    words.write_text("mật khẩu dài\n")
    with pytest.raises(Trouble) as caught:
        read_passphrase(words)
    assert code_of(caught) == "authority.open_to_others"
    words.chmod(0o600)
    Authority.create(home, "x", ("127.0.0.1",), NOW, read_passphrase(words)).close()
    assert b"ENCRYPTED" in home.key.read_bytes()
    Authority.open(home, read_passphrase(words)).close()
    for wrong in (b"", b"another"):
        with pytest.raises(Trouble) as caught:
            Authority.open(home, wrong)
        assert code_of(caught) == "authority.passphrase"


def test_broken_and_foreign_files_are_told_apart(authority: Authority, tmp_path: Path) -> None:
    home = authority.home
    with pytest.raises(Trouble) as caught:
        Authority.open(Home(tmp_path / "nothing"))
    assert code_of(caught) == "authority.missing"
    home.key.chmod(0o644)
    with pytest.raises(Trouble) as caught:
        Authority.open(home)
    assert code_of(caught) == "authority.open_to_others"
    home.key.chmod(0o600)
    home.certificate.write_text(signed(authority))
    with pytest.raises(Trouble) as caught:
        Authority.open(home)
    assert code_of(caught) == "authority.unreadable"
    home.key.write_text("nonsense")
    with pytest.raises(Trouble) as caught:
        Authority.open(home)
    assert code_of(caught) == "authority.unreadable"


def test_own_certificates_are_made_anew_at_two_thirds_or_for_other_hosts(
    authority: Authority,
) -> None:
    home = authority.home
    assert authority.renew_own(NOW + YEAR) == ()
    assert set(authority.renew_own(NOW + 1.4 * YEAR)) == {
        home.broker_identity,
        home.https,
        home.center,
    }
    assert authority.renew_own(NOW + 1.4 * YEAR, ("10.0.0.1", "C.example.")) == (
        home.broker_identity,
        home.https,
    )
    _code, text = openssl("x509", "-in", home.https, "-noout", "-ext", "subjectAltName")
    assert "DNS:c.example" in text
    assert "IP Address:10.0.0.1" in text
    with pytest.raises(Trouble) as caught:
        authority.renew_own(NOW, ("a b",))
    assert code_of(caught) == "authority.host"


def test_another_account_is_told_whose_command_this_is(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = authority.home.key.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    with pytest.raises(Trouble) as caught:
        Authority.open(authority.home)
    assert code_of(caught) == "authority.account"
    assert "sudo -u edge-center" in caught.value.en
