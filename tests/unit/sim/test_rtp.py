"""RTP packets: what goes in comes out at the other end."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sim.rtp import LARGEST, interleaved, packets, payloads

nals = st.builds(
    lambda kind, body: bytes([0x60 | kind]) + body, st.integers(1, 12), st.binary(max_size=5000)
)


def put_together(parts: list[bytes]) -> list[bytes]:
    """What a receiver makes of RFC 6184 payloads."""
    whole: list[bytes] = []
    for part in parts:
        if part[0] & 31 != 28:
            whole.append(part)
        elif part[1] & 0x80:
            whole.append(bytes([(part[0] & 0xE0) | (part[1] & 31)]) + part[2:])
        else:
            whole[-1] += part[2:]
    return whole


@given(st.lists(nals, min_size=1, max_size=5))
def test_a_receiver_puts_the_same_nal_units_together(units: list[bytes]) -> None:
    sent = packets(units, sequence=65_530, timestamp=90_000, ssrc=7)
    assert put_together([one[12:] for one in sent]) == units


@given(nals)
def test_no_payload_is_larger_than_a_frame_and_only_the_last_ends_the_unit(unit: bytes) -> None:
    parts = payloads(unit)
    assert all(len(part) <= LARGEST for part in parts)
    if len(parts) > 1:
        assert [bool(part[1] & 0x80) for part in parts] == [True] + [False] * (len(parts) - 1)
        assert [bool(part[1] & 0x40) for part in parts] == [False] * (len(parts) - 1) + [True]


def test_sequence_numbers_go_on_over_the_end_and_the_last_packet_is_marked() -> None:
    sent = packets([b"\x65" + bytes(4000)], sequence=65_535, timestamp=2**32 + 5, ssrc=1)
    heads = [struct.unpack("!BBHII", one[:12]) for one in sent]
    assert [head[2] for head in heads] == [65_535, 0, 1]
    assert [head[1] >> 7 for head in heads] == [0, 0, 1]
    assert {head[3] for head in heads} == {5}


def test_interleaved_packets_carry_channel_and_length() -> None:
    assert interleaved([b"abc", b"d"], 4) == b"$\x04\x00\x03abc$\x04\x00\x01d"
