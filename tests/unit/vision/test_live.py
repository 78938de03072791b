"""A short look from afar: copied, playable, bounded, and over when it should be."""

from io import BytesIO
from typing import Any

import av
import pytest

from edge_agent.core.perception import LivePiece
from edge_agent.core.time import Instant
from edge_agent.vision.live import CEILING, LiveTap
from tests.fakes.clock import FakeClock
from tests.unit.recording.clips import clip

CLOCK = FakeClock()
NOW = CLOCK.now()


class Viewer:
    def __init__(self) -> None:
        self.pieces: list[LivePiece] = []
        self.tap = LiveTap("cam-1", self.pieces.append)

    def watch(self, data: bytes, fps: float = 25) -> None:
        """Decode a clip as the source does, showing every packet to the tap afterwards."""
        with av.open(BytesIO(data)) as container:
            for number, packet in enumerate(container.demux(video=0)):
                packet.decode()
                self.tap.packet(packet, container.streams.video[0], NOW.plus(number / fps))

    @property
    def film(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)


def frames(film: bytes) -> list[Any]:
    with av.open(BytesIO(film)) as container:
        return list(container.decode(video=0))


def test_what_is_looked_at_plays_from_a_key_frame_on() -> None:
    viewer = Viewer()
    viewer.tap.start("r1", NOW.plus(2.0))
    viewer.watch(clip("mp4", 4))
    assert [piece.last for piece in viewer.pieces] == [False] * (len(viewer.pieces) - 1) + [True]
    assert {piece.request for piece in viewer.pieces} == {"r1"}
    assert 49 <= len(frames(viewer.film)) <= 52
    assert frames(viewer.film)[0].key_frame


def test_nobody_looks_and_nothing_is_copied() -> None:
    viewer = Viewer()
    viewer.watch(clip("mp4", 1))
    assert viewer.pieces == []


def test_a_look_that_is_stopped_ends_with_a_last_piece() -> None:
    viewer = Viewer()
    viewer.tap.start("r1", NOW.plus(60))
    viewer.watch(clip("mp4", 2))
    viewer.tap.stop()
    assert viewer.pieces[-1].last
    assert len(frames(viewer.film)) >= 45
    viewer.tap.stop()
    assert sum(piece.last for piece in viewer.pieces) == 1


def test_a_second_look_ends_the_first() -> None:
    viewer = Viewer()
    viewer.tap.start("r1", NOW.plus(60))
    viewer.tap.start("r2", NOW.plus(60))
    assert [(piece.request, piece.last) for piece in viewer.pieces] == [("r1", True)]


@pytest.mark.parametrize("fps", [25, 25_000])
def test_over_the_ceiling_only_key_frames_go(fps: float) -> None:
    """At 25,000 pictures a second of the clock nothing but what may come at once is left."""
    viewer = Viewer()
    viewer.tap.start("r1", NOW.plus(3600))
    noisy = clip("mp4", 60)
    viewer.watch(noisy, fps)
    viewer.tap.stop()
    last = Instant(NOW.wall, NOW.mono + 60 * 25 / fps)
    assert len(viewer.film) <= CEILING * (last.since(NOW) + 2.0) + 20_000
