"""What a camera's faults do to its pictures. Pure, but for the random bytes."""

from __future__ import annotations

import random

from edge_agent.sim.clip import Encoding
from edge_agent.sim.faults import Switches

TRICKLE = 4  # seconds from one picture to the next


def swallowed(wrong: Switches, number: int, encoding: Encoding) -> bool:
    """Whether this picture is never sent."""
    if wrong.trickle and number % (TRICKLE * encoding.fps):
        return True
    return wrong.no_key_frames and encoding.units[number % len(encoding.units)][2]


def spoiled(wrong: Switches, nals: list[bytes]) -> list[bytes]:
    """The picture's NAL units as this camera sends them."""
    if not wrong.garbage:
        return nals
    return [nal[:1] + random.randbytes(len(nal) - 1) for nal in nals]
