"""Parameter sets inside an access unit (Annex B): a change of them is another picture size."""

from __future__ import annotations

_START = b"\x00\x00\x01"
_H264 = frozenset({7})  # sequence parameter set; ITU-T H.264, table 7-1
_HEVC = frozenset({32, 33})  # video and sequence parameter set; ITU-T H.265, table 7-1


def parameter_sets(unit: bytes, codec: str) -> bytes:
    """The sequence (and video) parameter sets of an access unit, joined; empty if it has none.

    Picture parameter sets are left out: some cameras change those with every key frame.
    """
    wanted = _HEVC if codec == "hevc" else _H264
    found = []
    at = unit.find(_START)
    while 0 <= at < len(unit) - 4:
        kind = unit[at + 3]
        number = (kind >> 1) & 0x3F if codec == "hevc" else kind & 0x1F
        # the picture itself follows: it is large and holds no parameter sets
        if number < 32 if codec == "hevc" else number in {1, 5}:
            break
        end = unit.find(_START, at + 3)
        if number in wanted:
            found.append(unit[at + 3 : end if end >= 0 else len(unit)].rstrip(b"\x00"))
        at = end
    return b"".join(found)
