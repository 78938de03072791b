"""The signed manifest of a day follows the index, whatever happens to either."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from edge_agent.core.media import Gap, GapReason
from edge_agent.core.trouble import Trouble
from edge_agent.recording.evidence.device_key import PUBLIC, PublicKey, device_key
from edge_agent.recording.evidence.manifest import Manifest
from edge_agent.recording.evidence.scrub import Scrub
from edge_agent.recording.evidence.signing import read_signed
from edge_agent.recording.repair import repair
from edge_agent.store.recordings import Recordings
from tests.integration.recording.vault import START, Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault(tmp_path)
    yield vault
    vault.close()


def manifest(vault: Vault) -> Manifest:
    """The day's manifest; its signature is checked."""
    public = PublicKey.read(vault.root / PUBLIC)
    signed = read_signed(vault.day(), public)
    assert signed is not None
    assert signed.by(public)
    assert signed.manifest is not None
    assert signed.manifest.broken_links() == ()
    return signed.manifest


def scrub(vault: Vault, rate: int = 10**9) -> Scrub:
    return Scrub(
        vault.root, vault.evidence, rate, vault.clock, vault.found.append, vault.keeper.sealed
    )


def test_every_closed_file_stands_in_the_manifest_with_its_hash(vault: Vault) -> None:
    segments = vault.minute()
    told = manifest(vault)
    assert [entry.sha256 for entry in told.entries] == [one.sha256 for one in segments]
    assert {entry.hashed for entry in told.entries} == {"written"}
    assert (told.camera, told.day, told.site) == ("yard", "2021-07-28", "test")
    assert vault.keeper.sign_due() == 0


def test_openssl_alone_finds_the_signature_right(vault: Vault) -> None:
    vault.minute()
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(vault.root / PUBLIC)]
    files = ["-rawin", "-in", "manifest.json", "-sigfile", "manifest.json.sig"]
    done = subprocess.run([*command, *files], cwd=vault.day(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_gaps_and_further_files_are_signed_as_they_come(vault: Vault) -> None:
    vault.minute()
    gap = Gap("yard", START + timedelta(seconds=12), None, GapReason.NETWORK)
    vault.recordings.write_gap(gap)
    assert vault.keeper.sign_due() == 1
    assert [(one["reason"], one["end"]) for one in manifest(vault).gaps] == [("network", None)]
    vault.put(20)
    assert vault.keeper.sign_due() == 1
    assert len(manifest(vault).entries) == 4


def test_a_file_of_a_crash_is_hashed_afterwards_and_said_so(vault: Vault) -> None:
    vault.minute()
    late = vault.put(12, hashed=False)
    vault.keeper.sign_due()
    assert len(manifest(vault).entries) == 3
    assert scrub(vault).hash_new(Event())
    vault.keeper.sign_due()
    last = manifest(vault).entries[-1]
    assert (last.file, last.hashed) == (late.path.rpartition("/")[2], "later")
    assert not vault.found


def test_an_index_rebuilt_from_files_takes_the_hashes_that_were_signed(vault: Vault) -> None:
    segments = vault.minute()
    before = manifest(vault)
    vault.close()
    for part in vault.state.glob("recordings.db*"):
        part.unlink()
    again = Vault.__new__(Vault)
    again.__dict__.update(vault.__dict__)
    again.recordings = Recordings(vault.state / "recordings.db")
    again.evidence = type(vault.evidence)(vault.state / "recordings.db")
    again.keeper = again.new_keeper()
    repair(again.root, again.recordings, set)
    again.keeper.sign_due()
    again.keeper.sign_due()
    rows = again.recordings.segments("yard", START, START + timedelta(seconds=60))
    assert [row.sha256 for row in rows] == [one.sha256 for one in segments]
    assert manifest(again) == before
    again.close()


def test_retention_is_told_in_the_manifest_and_takes_it_along_at_the_end(vault: Vault) -> None:
    first, *others = vault.minute()
    vault.recordings.mark_garbage([first.path])
    (vault.root / first.path).unlink()
    vault.recordings.forget([first.path])
    vault.keeper.sign_due()
    assert [file for file, _when in manifest(vault).deleted] == [first.path.rpartition("/")[2]]
    assert len(manifest(vault).entries) == 2
    for segment in others:
        vault.recordings.mark_garbage([segment.path])
        (vault.root / segment.path).unlink()
        vault.recordings.forget([segment.path])
    vault.keeper.sign_due()
    assert not vault.day().exists()
    assert vault.evidence.due_days() == ()


def test_what_was_signed_once_stays_though_its_file_vanishes(vault: Vault) -> None:
    first, *_ = vault.minute()
    (vault.root / first.path).unlink()
    repair(vault.root, vault.recordings, set)
    vault.keeper.sign_due()
    assert len(manifest(vault).entries) == 3


def test_a_manifest_of_another_device_is_kept_aside_and_said(vault: Vault, tmp_path: Path) -> None:
    other = Vault(tmp_path / "other")
    other.minute()
    vault.put()
    for name in ("manifest.json", "manifest.json.sig"):
        (vault.day() / name).write_bytes((other.day() / name).read_bytes())
    other.close()
    vault.keeper.sign_due()
    assert [finding.kind for finding in vault.found] == ["foreign_manifest"]
    assert len(list(vault.day().glob("manifest.foreign-*.json*"))) == 2
    assert len(manifest(vault).entries) == 1


def test_a_cut_between_manifest_and_signature_is_finished(vault: Vault) -> None:
    vault.minute()
    old = (vault.day() / "manifest.json.sig").read_bytes()
    vault.put(12)
    vault.keeper.sign_due()
    new = (vault.day() / "manifest.json.sig").read_bytes()
    (vault.day() / "manifest.json.sig").write_bytes(old)
    (vault.day() / ".manifest.json.sig.next").write_bytes(new)
    assert len(manifest(vault).entries) == 4


def test_a_missing_disk_waits_and_loses_no_day(vault: Vault) -> None:
    vault.put()
    vault.root.rename(vault.root.with_name("elsewhere"))
    assert vault.keeper.sign_due() == 0
    vault.root.with_name("elsewhere").rename(vault.root)
    vault.clock.pass_time(61)
    assert vault.keeper.sign_due() == 1


def test_the_key_is_made_once_and_nobody_else_may_read_it(vault: Vault) -> None:
    key = device_key(vault.state)
    assert device_key(vault.state).public.fingerprint == key.public.fingerprint
    path = vault.state / "device-key.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    device_key(vault.state)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"rubbish")
    with pytest.raises(Trouble, match="cannot be read"):
        device_key(vault.state)
    path.unlink()
    with pytest.raises(Trouble, match="is missing"):
        device_key(vault.state)


def test_the_scrub_finds_a_flipped_bit_a_missing_file_and_goes_on(vault: Vault) -> None:
    first, second, _third = vault.minute()
    data = bytearray((vault.root / first.path).read_bytes())
    data[len(data) // 2] ^= 1
    (vault.root / first.path).write_bytes(data)
    (vault.root / second.path).unlink()
    one = scrub(vault)
    assert one.look_again(Event())
    assert [(finding.path, finding.kind) for finding in vault.found] == [
        (first.path, "mismatch"),
        (second.path, "missing"),
    ]
    assert not one.look_again(Event())
    assert vault.evidence.scrubbed() == ("", 1)
    assert vault.evidence.add_finding(vault.found[0])
    assert not vault.evidence.add_finding(vault.found[0])
    assert vault.evidence.findings()[0].kind == "mismatch"


def test_the_scrub_keeps_its_rate(vault: Vault) -> None:
    segment = vault.put()
    stop = Event()
    waits: list[float] = []

    class Watched(Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return stop.is_set()

    scrub(vault, segment.size // 2).look_again(Watched())
    assert sum(waits) == pytest.approx(2.0, abs=0.1)
