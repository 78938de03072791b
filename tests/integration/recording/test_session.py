"""A session's packets become files that play alone, whatever codec and clock do."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.packet import Packet

from edge_agent.core.media import GapReason, Segment
from edge_agent.core.time import Instant
from edge_agent.recording.files import Syncer
from edge_agent.recording.loss import Lost
from edge_agent.recording.playback import played_seconds
from edge_agent.recording.segments import Shelf, first_length
from edge_agent.recording.session import Session
from edge_agent.recording.source import LiveStream
from tests.fakes.clock import FakeClock
from tests.unit.recording.clips import clip

FPS, SECONDS = 25, 12


@dataclass
class Heard:
    """What a session told."""

    runs: list[tuple[str, GapReason]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    def run_opened(self, run: str, opened: Instant, codec: str, reason: GapReason) -> None:
        self.runs.append((codec, reason))

    def run_closed(self, run: str, closed: datetime, end_reason: str) -> None:
        self.ends.append(end_reason)

    def segment_closed(self, segment: Segment, end: Instant) -> None:
        self.segments.append(segment)


@dataclass
class Recording:
    """A session fed from a clip, at the pace that a fake clock tells."""

    folder: Path
    codec: str = "libx264"
    heard: Heard = field(default_factory=Heard)
    clock: FakeClock = field(default_factory=FakeClock)

    def packets(self, stream: LiveStream) -> Iterator[Packet]:
        try:
            yield from stream.packets()
        except Lost:
            return

    missing: range = range(0)  # pictures that never come
    pauses: dict[int, float] = field(default_factory=dict)  # seconds before a picture arrives
    burst: int = 0  # pictures behind a pause that arrive at once

    def make(self, change: dict[int, timedelta | float] | None = None) -> "Recording":
        """Record the clip; `change` maps a picture's number to a step of the wall clock
        (timedelta) or of the camera's timestamps (seconds).
        """
        offset = 0
        with av.open(BytesIO(clip("mpegts", SECONDS, codec=self.codec))) as container:
            stream = LiveStream(container, container.streams.video[0])
            shelf = Shelf(self.folder, Syncer(1.0))
            session = Session("yard", stream, shelf, 5.0, self.heard)
            for number, packet in enumerate(self.packets(stream)):
                if number in self.missing:
                    self.clock.pass_time(1 / FPS)
                    continue
                self.clock.pass_time(self.pauses.get(number, 0.0))
                step = (change or {}).get(number)
                if isinstance(step, timedelta):
                    self.clock.step_wall(step.total_seconds())
                elif step is not None:
                    offset += round(step * 90_000)
                packet.dts, packet.pts = packet.dts + offset, packet.pts + offset
                session.take(packet, self.clock.now())
                late = self.pauses and min(self.pauses) <= number < min(self.pauses) + self.burst
                self.clock.pass_time(0.0 if late else 1 / FPS)
            session.finish("stopped")
        return self

    def pictures(self) -> int:
        """How many pictures decode, over all files."""
        total = 0.0
        for segment in self.heard.segments:
            total += played_seconds(self.folder / segment.path) * FPS
        return round(total)


@pytest.mark.parametrize(("encoder", "codec"), [("libx264", "h264"), ("libx265", "hevc")])
def test_segments_begin_with_a_key_frame_follow_each_other_and_play_alone(
    tmp_path: Path, encoder: str, codec: str
) -> None:
    made = Recording(tmp_path, encoder).make()
    segments = made.heard.segments
    # the first is shorter by the camera's name, cut at the next key frame
    assert first_length("yard", 5.0) <= segments[0].seconds <= first_length("yard", 5.0) + 1
    assert [round(segment.seconds, 3) for segment in segments[1:]] == [5.0, SECONDS - 8.0]
    assert made.pictures() == SECONDS * FPS
    for segment, following in pairwise(segments):
        assert following.start == segment.start + timedelta(seconds=segment.seconds)
    assert (made.heard.runs, made.heard.ends) == (
        [(codec, GapReason.RECORDER_RESTARTED)],
        ["stopped"],
    )


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_jump_of_the_timestamps_starts_a_new_run_and_loses_no_picture(
    tmp_path: Path, jump: float
) -> None:
    made = Recording(tmp_path).make({60: jump})
    assert made.heard.ends == ["timestamps", "stopped"]
    assert made.pictures() == SECONDS * FPS
    assert sum(segment.seconds for segment in made.heard.segments) == pytest.approx(
        SECONDS, abs=0.1
    )


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_step_of_the_clock_starts_a_new_run_labelled_by_the_new_time(
    tmp_path: Path, step: timedelta
) -> None:
    made = Recording(tmp_path).make({60: step})
    assert made.heard.ends == ["clock_stepped", "stopped"]
    first, second = made.heard.segments[:2]
    assert second.start - first.start == pytest.approx(
        step + timedelta(seconds=3), abs=timedelta(seconds=0.1)
    )
    assert made.pictures() == SECONDS * FPS


def test_pictures_that_are_missing_are_a_gap_and_no_file_spans_it(tmp_path: Path) -> None:
    made = Recording(tmp_path, missing=range(60, 110)).make()
    assert made.heard.ends == ["stalled", "stopped"]
    assert [reason for _, reason in made.heard.runs] == [
        GapReason.RECORDER_RESTARTED,
        GapReason.NETWORK,
    ]
    # the two seconds, and the pictures up to the next key frame that nobody could decode
    assert made.pictures() == (SECONDS - 2) * FPS - 15
    segments = made.heard.segments
    assert sum(segment.seconds for segment in segments) == pytest.approx(
        made.pictures() / FPS, abs=0.1
    )


def test_a_camera_that_paused_with_its_clock_leaves_a_gap_too(tmp_path: Path) -> None:
    made = Recording(tmp_path, pauses={60: 2.5}).make()
    assert made.heard.ends == ["stalled", "stopped"]
    assert made.heard.runs[1][1] is GapReason.CAMERA_OFFLINE
    first, second = made.heard.segments[0], made.heard.segments[-1]
    lived = second.start + timedelta(seconds=second.seconds) - first.start
    recorded = sum(segment.seconds for segment in made.heard.segments)
    assert lived.total_seconds() - recorded == pytest.approx(2.5, abs=0.2)


def test_pictures_that_the_network_held_back_are_no_gap(tmp_path: Path) -> None:
    made = Recording(tmp_path, pauses={60: 2.5}, burst=63).make()
    assert made.heard.ends == ["stopped"]
    assert made.pictures() == SECONDS * FPS


def test_a_moment_that_is_recorded_already_is_not_overwritten(tmp_path: Path) -> None:
    first = Recording(tmp_path).make().heard.segments
    second = Recording(tmp_path).make().heard.segments
    assert not {segment.path for segment in first} & {segment.path for segment in second}


def test_a_stream_without_key_frames_is_given_up_in_words(tmp_path: Path) -> None:
    clock = FakeClock()
    with av.open(BytesIO(clip("mpegts", SECONDS))) as container:
        stream = LiveStream(container, container.streams.video[0])
        session = Session("yard", stream, Shelf(tmp_path, Syncer(1.0)), 5.0, Heard())
        others = (packet for packet in stream.packets() if not packet.is_keyframe)
        for _ in range(21):
            session.take(next(others), clock.pass_time(1.0))
        with pytest.raises(Lost, match="no key frame"):
            session.take(next(others), clock.pass_time(1.0))
    session.finish("unknown")
    assert list(tmp_path.rglob("*.mp4")) == []
