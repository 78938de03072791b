"""Cameras that misbehave and disks that are slow: a line of the ledger in words, never a crash."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from threading import Event

import av
import pytest
from av.packet import Packet

from edge_agent.core.media import GapReason
from edge_agent.recording.boxes import whole_part
from edge_agent.recording.files import Syncer
from edge_agent.recording.inflow import Inflow
from edge_agent.recording.loss import Lost
from edge_agent.recording.playback import played_seconds
from edge_agent.recording.segments import Shelf
from edge_agent.recording.session import Session
from edge_agent.recording.source import LiveStream
from edge_agent.runtime.clock import SystemClock
from edge_agent.sim.faults import Faults
from tests.fakes.clock import FakeClock
from tests.integration.recording.site import ALWAYS, Site, until
from tests.integration.recording.test_session import Heard
from tests.integration.recording.test_virtual_camera import _served
from tests.unit.recording.clips import clip

FPS = 25


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, "secret")
    yield site
    site.recordings.close()


def test_holes_changes_and_garbage_are_survived_and_told(site: Site, tmp_path: Path) -> None:
    faults = Faults("yard")

    def runs(count: int) -> bool:
        return len(site.recordings.runs("yard")) >= count

    with _served(tmp_path, faults) as url:
        site.expect(yard=url)
        with site.recorder():
            until(lambda: site.recording() and len(site.segments()) >= 1)
            faults.set(freeze=True)
            Event().wait(2.5)
            faults.set(freeze=False)
            until(lambda: runs(2))
            stalled = site.gaps()
            Event().wait(5.5)  # a change of format after a while of recording
            faults.set(freeze=True)
            faults.set(other_size=True, freeze=False)
            until(lambda: runs(3))
            faults.set(garbage=True)
            Event().wait(2.0)
            faults.set(garbage=False)
            until(site.recording)
        said = site.recordings.gaps("yard", *ALWAYS)
    assert stalled == [("network", True)]
    hole = next(gap for gap in said if gap.reason is GapReason.NETWORK)
    assert (hole.end - hole.start) / timedelta(seconds=1) == pytest.approx(2.5, abs=1.5)  # type: ignore[operator]
    assert any("picture format" in gap.detail for gap in said)
    assert "attempt.failed" not in site.log.read_text()
    site.check_ledger()


def test_a_stream_without_key_frames_in_a_run_is_ended_in_words(tmp_path: Path) -> None:
    clock = FakeClock()
    with av.open(BytesIO(clip("mpegts", 12))) as container:
        stream = LiveStream(container, container.streams.video[0])
        session = Session("yard", stream, Shelf(tmp_path, Syncer(1.0)), 5.0, Heard())
        packets = all_of(stream)
        session.take(packets[0], clock.now())
        others = [packet for packet in packets if not packet.is_keyframe][:64]
        for number, packet in enumerate(others[:60]):
            packet.dts = packet.pts = round((number + 1) * 90_000 * 0.99) + 126_000
            session.take(packet, clock.pass_time(0.99))
        with pytest.raises(Lost, match="no key frame in 60 s") as caught:
            session.take(others[61], clock.pass_time(2.0))
    session.finish("codec_not_supported")
    assert caught.value.reason is GapReason.CODEC_NOT_SUPPORTED


def all_of(stream: LiveStream) -> list[Packet]:
    """Every packet of a file, whose end is a camera that hangs up."""
    found: list[Packet] = []
    with suppress(Lost):
        found.extend(stream.packets())
    return found


class Firehose(LiveStream):
    """A stream whose packets come faster than anybody takes them."""

    def packets(self) -> Iterator[Packet]:
        first = next(super().packets())
        while True:
            yield first


def test_when_the_disk_cannot_keep_up_the_session_ends_and_what_waits_is_still_written() -> None:
    with av.open(BytesIO(clip("mpegts", 2))) as container:
        stream = Firehose(container, container.streams.video[0])
        taken = 0
        with Inflow(stream, SystemClock(), 100_000) as inflow:
            inflow._thread.join(10)  # the queue is full before anybody takes from it
            packets = inflow.packets(Event())
            with suppress(Lost):
                for packet, _ in packets:
                    taken += packet.size
            lost = inflow._lost
    assert lost is not None
    assert lost.reason is GapReason.DISK_SLOW
    assert 90_000 < taken <= 100_000
    assert "slower than they come" in lost.trouble("yard").en


def with_sound(seconds: int) -> bytes:
    """The test clip with an AAC tone beside it."""
    out = BytesIO()
    with (
        av.open(BytesIO(clip("mpegts", seconds))) as source,
        av.open(out, "w", format="mp4") as container,
    ):
        video = container.add_stream_from_template(source.streams.video[0])
        sound = container.add_stream("aac", rate=16_000, layout="mono")
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                container.mux(packet)
        for number in range(seconds * 16_000 // 1024):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.planes[0].update(bytes(4096))
            frame.sample_rate, frame.pts = 16_000, number * 1024
            container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return out.getvalue()


def test_sound_is_copied_beside_the_pictures_when_it_is_asked_for(tmp_path: Path) -> None:
    clock, heard = FakeClock(), Heard()
    with av.open(BytesIO(with_sound(12))) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        stream = LiveStream(container, video, audio)
        session = Session("yard", stream, Shelf(tmp_path, Syncer(1.0)), 5.0, heard)
        for packet in sorted(all_of(stream), key=lambda one: one.dts * one.time_base):
            if packet.stream_index == video.index:
                session.take(packet, clock.pass_time(1 / FPS))
            else:
                session.hear(packet, clock.now())
        session.finish("stopped")
    assert len(heard.segments) >= 2
    for segment in heard.segments:
        path = tmp_path / segment.path
        assert played_seconds(path) == pytest.approx(segment.seconds, abs=0.1)
        with path.open("rb") as file:
            assert whole_part(file, segment.size).seconds == pytest.approx(segment.seconds, abs=0.1)
        with av.open(str(path)) as made:
            sound = sum(frame.samples for frame in made.decode(audio=0)) / 16_000
        assert sound == pytest.approx(segment.seconds, abs=0.3)
