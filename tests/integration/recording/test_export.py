"""What is taken out proves itself, with openssl and sha256sum alone and with our verifier."""

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.core.media import Gap, GapReason
from edge_agent.core.trouble import Trouble
from edge_agent.recording.evidence.device_key import PUBLIC
from edge_agent.recording.evidence.export import Archive, Request, Taken, export
from edge_agent.recording.evidence.flaws import Flaw, Kind
from edge_agent.recording.evidence.keeper import Place
from edge_agent.recording.evidence.verify import key_for, verify_recordings
from edge_agent.recording.evidence.verify_export import verify_export
from edge_agent.recording.playback import played_seconds
from tests.integration.recording.vault import START, Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault(tmp_path / "site")
    yield vault
    vault.close()


def take(vault: Vault, output: Path, seconds: float = 30, camera: str = "yard") -> Taken:
    place = Place(vault.root, vault.state, "test")
    archive = Archive(place, vault.recordings, vault.evidence, vault.keeper)
    end = START + timedelta(seconds=seconds)
    request = Request(camera, START, end, output, "Nguyễn Văn A", "vụ việc | số 5")
    return export(request, archive, UTC, vault.clock, lambda _: None)


def nothing(_count: int) -> None:
    return None


def flaws(path: Path) -> list[Flaw]:
    return verify_recordings(path, key_for(path, None), nothing).flaws


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def shell(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", "kiem-tra.sh", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_export_is_whole_and_two_standard_tools_prove_it(vault: Vault, tmp_path: Path) -> None:
    segments = vault.minute()
    vault.put(20)
    gap = Gap(
        "yard", START + timedelta(seconds=12), START + timedelta(seconds=20), GapReason.NETWORK
    )
    vault.recordings.write_gap(gap)
    taken = take(vault, tmp_path / "out")
    out = tmp_path / "out"
    assert taken.warnings == []
    for segment in segments:
        kept = (out / "segments" / segment.path).read_bytes()
        assert kept == (vault.root / segment.path).read_bytes()
    assert played_seconds(out / "video.mp4") == pytest.approx(24, abs=0.1)
    told = json.loads((out / "export.json").read_bytes())
    assert told["gaps"][0]["reason"] == "network"
    words = (out / "bien-ban-trich-xuat.md").read_text(encoding="utf-8")
    assert "Nguyễn Văn A" in words
    assert segments[0].sha256 in words
    assert "mất mạng" in words
    done = shell(out, taken.fingerprint)
    assert done.returncode == 0, done.stdout + done.stderr
    assert verify_export(out, key_for(out, None), nothing).flaws == []
    (row,) = vault.evidence.exports()
    assert (row.outcome, row.who, row.camera) == ("done", "Nguyễn Văn A", "yard")


@pytest.mark.parametrize("name", ["video.mp4", "export.json", "SHA256SUMS", "segment", "manifest"])
def test_one_flipped_byte_of_an_export_is_found_by_both(
    vault: Vault, tmp_path: Path, name: str
) -> None:
    segments = vault.minute()
    out = tmp_path / "out"
    take(vault, out)
    film = f"segments/{segments[1].path}"
    day = film.rpartition("/")[0]
    path = {"segment": film, "manifest": f"{day}/manifest.json"}.get(name, name)
    flip(out / path, (out / path).stat().st_size // 2)
    assert shell(out).returncode == 1
    assert verify_export(out, key_for(out, None), nothing).flaws != []


def test_another_key_another_file_and_a_missing_one_are_found(vault: Vault, tmp_path: Path) -> None:
    vault.minute()
    out = tmp_path / "out"
    take(vault, out)
    assert shell(out, "0" * 64).returncode == 1
    (out / "more.txt").write_text("x")
    assert shell(out).returncode == 1
    (out / "video.mp4").unlink()
    found = {flaw.kind for flaw in verify_export(out, key_for(out, None), nothing).flaws}
    assert found == {Kind.UNLISTED, Kind.MISSING}


def test_wrong_requests_are_told_in_words(vault: Vault, tmp_path: Path) -> None:
    vault.minute()
    with pytest.raises(Trouble, match="no camera 'gate'; there are: yard"):
        take(vault, tmp_path / "out", camera="gate")
    with pytest.raises(Trouble, match="before --to"):
        take(vault, tmp_path / "out", seconds=-5)
    (tmp_path / "there").mkdir()
    with pytest.raises(Trouble, match="exists"):
        take(vault, tmp_path / "there")
    with pytest.raises(Trouble, match="recordings folder"):
        take(vault, vault.root / "out")
    for segment in vault.recordings.segments("yard", START, START + timedelta(minutes=1)):
        vault.recordings.forget([segment.path])
    vault.put(500)
    with pytest.raises(Trouble, match="no footage in this span"):
        take(vault, tmp_path / "out")
    assert vault.evidence.exports() == ()


def _missing(vault: Vault, first: Path, _second: Path) -> None:
    first.unlink()


def _renamed(vault: Vault, first: Path, _second: Path) -> None:
    first.rename(first.with_name("yard_main_20210728T065900.000Z.mp4"))


def _swapped(vault: Vault, first: Path, second: Path) -> None:
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def _signature(vault: Vault, _first: Path, _second: Path) -> None:
    flip(vault.day() / "manifest.json.sig", 5)


def _foreign(vault: Vault, first: Path, _second: Path) -> None:
    other = Vault(vault.root.parent / "other")
    other.minute()
    (vault.root / PUBLIC).write_bytes((other.root / PUBLIC).read_bytes())
    other.close()


def _put_in(vault: Vault, first: Path, _second: Path) -> None:
    name = "yard_main_20210728T070002.000Z.mp4"
    first.with_name(name).write_bytes(b"0" * 100)


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (_missing, Kind.MISSING),
        (_renamed, Kind.RENAMED),
        (_swapped, Kind.SWAPPED),
        (_signature, Kind.SIGNATURE),
        (_foreign, Kind.FOREIGN),
        (_put_in, Kind.UNLISTED),
    ],
)
def test_verification_names_what_was_done(
    vault: Vault, harm: Callable[[Vault, Path, Path], None], kind: Kind
) -> None:
    vault.put(0)
    vault.put(4, seconds=5)
    vault.put(9)
    vault.keeper.sign_due()
    assert flaws(vault.root) == []
    first, second, _third = sorted(vault.day().glob("*.mp4"))
    harm(vault, first, second)
    assert {flaw.kind for flaw in flaws(vault.root)} == {kind}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999999))
def test_any_flipped_byte_is_found_in_its_file_and_second(vault: Vault, share: float) -> None:
    path = vault.day() / "yard_main_20210728T070000.000Z.mp4"
    if not path.exists():
        vault.minute()
    at = int(path.stat().st_size * share)
    flip(path, at)
    (flaw,) = flaws(vault.root)
    flip(path, at)
    assert (flaw.kind, flaw.path.rpartition("/")[2]) == (Kind.CHANGED, path.name)
    ((start, end),) = flaw.spans
    assert START <= start <= end <= START + timedelta(seconds=4)
    # the header concerns all of the file, anything else a second of it
    assert (end - start).total_seconds() in {0.0, 1.0, 4.0}
    assert flaws(vault.root) == []
