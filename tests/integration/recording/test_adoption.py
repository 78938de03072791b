"""A lost index comes back from the day's signed manifest, and from the files where that fails."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.core.media import Gap, GapReason, Segment
from edge_agent.recording.evidence.device_key import known_key
from edge_agent.recording.evidence.manifest import NAME, SIGNATURE
from edge_agent.recording.repair import repair
from edge_agent.store.recordings import Recordings
from tests.integration.recording.vault import DAY, START, Vault

FILES = 24  # enough that a manifest is read


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault(tmp_path)
    for number in range(FILES):
        vault.put(at=number * 4)
    vault.keeper.sign_due()
    yield vault
    vault.close()


def rebuilt(vault: Vault, unsynced: float = 0.0) -> dict[str, Segment]:
    """The rows of a new index, by file name."""
    fresh = Recordings(vault.state / "again.db")
    repair(vault.root, fresh, set, unsynced, known_key(vault.state))
    rows = fresh.segments("yard", START, START.replace(hour=9))
    fresh.close()
    return {row.path.rpartition("/")[2]: row for row in rows}


def indexed(vault: Vault) -> dict[str, Segment]:
    rows = vault.recordings.segments("yard", START, START.replace(hour=9))
    return {row.path.rpartition("/")[2]: row for row in rows}


def test_run_length_and_hash_come_back_as_they_were_signed(vault: Vault) -> None:
    assert rebuilt(vault) == indexed(vault)
    assert len(indexed(vault)) == FILES


def test_the_gaps_that_were_signed_come_back_too(vault: Vault) -> None:
    gap = Gap("yard", START - timedelta(seconds=9), START, GapReason.NETWORK, "a cable")
    vault.recordings.write_gap(gap)
    vault.keeper.sign_due()
    fresh = Recordings(vault.state / "again.db")
    repair(vault.root, fresh, set, public=known_key(vault.state))
    assert fresh.gaps("yard", START - timedelta(hours=1), START) == (gap,)
    known = replace(gap, end=START - timedelta(seconds=5), detail="known better")
    fresh.write_gap(known)
    fresh.add_gaps([gap])
    assert fresh.gaps("yard", START - timedelta(hours=1), START) == (known,)
    fresh.close()


def test_a_file_of_another_length_than_was_signed_is_read(vault: Vault) -> None:
    victim = sorted((vault.day()).glob("*.mp4"))[3]
    torn = victim.read_bytes()[:-3000]
    victim.write_bytes(torn)
    row = rebuilt(vault)[victim.name]
    assert row.size == victim.stat().st_size <= len(torn)
    assert row.sha256 == ""
    assert row.seconds < 4


def test_a_file_that_the_manifest_does_not_know_is_read(vault: Vault) -> None:
    known = sorted((vault.day()).glob("*.mp4"))
    stranger = known[0].with_name(known[0].name.replace("T07", "T08"))
    stranger.write_bytes(known[0].read_bytes())
    row = rebuilt(vault)[stranger.name]
    assert (row.seconds, row.sha256) == (pytest.approx(4.0), "")


@pytest.mark.parametrize("spoil", ["manifest", "signature", "key"])
def test_a_manifest_that_this_device_did_not_sign_is_not_believed(
    vault: Vault, spoil: str, tmp_path: Path
) -> None:
    if spoil == "manifest":
        place = vault.day() / NAME
        place.write_bytes(place.read_bytes().replace(b"4.0", b"9.0"))
    elif spoil == "signature":
        (vault.day() / SIGNATURE).write_bytes(bytes(64))
    else:
        (vault.state / "device-public.pem").unlink()
    read = {name: replace(row, sha256="", run="") for name, row in indexed(vault).items()}
    assert rebuilt(vault) == read


def test_a_manifest_of_another_day_is_not_believed(vault: Vault) -> None:
    moved = vault.root / "gate" / DAY
    moved.parent.mkdir()
    vault.day().rename(moved)
    for file in moved.glob("*.mp4"):
        file.rename(file.with_name(file.name.replace("yard", "gate")))
    fresh = Recordings(vault.state / "again.db")
    repair(vault.root, fresh, set, public=known_key(vault.state))
    rows = fresh.segments("gate", START, START.replace(hour=9))
    fresh.close()
    assert {(row.run, row.sha256) for row in rows} == {("", "")}
    assert len(rows) == FILES


def test_after_a_power_cut_the_newest_files_are_decoded_whatever_was_signed(vault: Vault) -> None:
    newest = sorted((vault.day()).glob("*.mp4"))[-1]
    data = bytearray(newest.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    newest.write_bytes(data)
    assert rebuilt(vault, unsynced=6.0)[newest.name].seconds < 4
