"""RTP packets of H.264 (RFC 3550, RFC 6184): single NAL units and FU-A fragments. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence

PAYLOAD_TYPE = 96
CLOCK_RATE = 90_000  # H.264's RTP clock, Hz
LARGEST = 1400  # bytes of payload: a packet fits an Ethernet frame
FU_A = 28


def payloads(nal: bytes, largest: int = LARGEST) -> list[bytes]:
    """One NAL unit as RTP payloads of at most `largest` bytes."""
    if len(nal) <= largest:
        return [nal]
    indicator = bytes([(nal[0] & 0xE0) | FU_A])
    kind, step = nal[0] & 0x1F, largest - 2
    starts = range(1, len(nal), step)
    last = starts[-1]
    return [
        indicator
        + bytes([(0x80 if at == 1 else 0) | (0x40 if at == last else 0) | kind])
        + nal[at : at + step]
        for at in starts
    ]


def header(sequence: int, timestamp: int, ssrc: int, *, marker: bool) -> bytes:
    """The twelve bytes before a payload; the marker ends an access unit."""
    kind = PAYLOAD_TYPE | (0x80 if marker else 0)
    return struct.pack(
        "!BBHII", 0x80, kind, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF
    )


def packets(nals: Sequence[bytes], sequence: int, timestamp: int, ssrc: int) -> list[bytes]:
    """One access unit as RTP packets, numbered from `sequence`."""
    parts = [part for nal in nals for part in payloads(nal)]
    last = len(parts) - 1
    return [
        header(sequence + index, timestamp, ssrc, marker=index == last) + part
        for index, part in enumerate(parts)
    ]


def interleaved(rtp: Sequence[bytes], channel: int) -> bytes:
    """RTP packets inside an RTSP connection (RFC 2326, 10.12)."""
    return b"".join(struct.pack("!cBH", b"$", channel, len(one)) + one for one in rtp)
