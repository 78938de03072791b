"""Parameter sets are found inside access units of both codecs."""

from io import BytesIO

import av
import pytest

from edge_agent.recording.parameters import parameter_sets
from tests.unit.recording.clips import clip


@pytest.mark.parametrize(("encoder", "codec"), [("libx264", "h264"), ("libx265", "hevc")])
def test_key_frames_carry_the_same_sets_and_other_pictures_none(encoder: str, codec: str) -> None:
    with av.open(BytesIO(clip("mpegts", 2, codec=encoder))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        sets = [parameter_sets(bytes(packet), codec) for packet in packets if packet.is_keyframe]
        others = {parameter_sets(bytes(p), codec) for p in packets if not p.is_keyframe}
    assert len(sets) == 2
    assert len(set(sets)) == 1
    assert len(sets[0]) > 8
    assert others == {b""}


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("unit", [b"", b"\x00\x00\x01", b"\x00\x00\x01\x67", b"\xff" * 40])
def test_bytes_that_are_no_access_unit_hold_none(unit: bytes, codec: str) -> None:
    assert parameter_sets(unit, codec) == b""
