"""Checksums of pieces point to the second that was changed; the file's hash is what proves it."""

from hashlib import sha256
from pathlib import Path

from edge_agent.recording.evidence.damage import damaged_seconds
from edge_agent.recording.evidence.hashing import Piece, SegmentHash, hash_file
from tests.unit.recording.clips import fragmented

WHOLE = fragmented(4)


def test_a_piece_knows_its_bytes_by_either_checksum() -> None:
    for short in (f"{0xCBF43926:08x}", sha256(b"123456789").hexdigest()[:16]):
        assert Piece(9, short).is_of(b"123456789")
        assert not Piece(9, short).is_of(b"123456780")


def test_the_pieces_tile_the_file_in_whatever_portions_it_was_written() -> None:
    found = []
    for portion in (7, 1000, len(WHOLE)):
        running = SegmentHash()
        for at in range(0, len(WHOLE), portion):
            running.update(WHOLE[at : at + portion])
        found.append(running.digest())
    assert found[0] == found[1] == found[2]
    assert found[0].sha256 == sha256(WHOLE).hexdigest()
    at = 0
    for piece in found[0].pieces:
        assert piece.is_of(WHOLE[at : at + piece.length])
        at += piece.length
    assert at == len(WHOLE)


def test_a_changed_file_whose_checksums_still_fit_is_changed_anywhere(tmp_path: Path) -> None:
    place = tmp_path / "a.mp4"
    place.write_bytes(WHOLE)
    assert damaged_seconds(place, hash_file(place).pieces, 4.0) == [(0.0, 4.0)]
