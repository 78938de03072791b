"""A camera's main stream over RTSP: packets as they come, never decoded."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from edge_agent.core.media import GapReason
from edge_agent.core.secret import Credential
from edge_agent.recording.loss import Lost, stream_lost
from edge_agent.runtime.logs import log

CODECS = frozenset({"h264", "hevc"})
SOUND = frozenset({"aac", "mp3", "opus"})  # what an MP4 file can hold of what cameras send
SILENCE = 5.0  # seconds without a packet after which a stream is lost
_OPENING = 5.0  # seconds that each step of opening may take
_OPTIONS = {
    # parameter sets come with the SDP or the first key frame; the frame rate is not needed
    "analyzeduration": "3000000",
    "probesize": "2000000",
    "fpsprobesize": "0",
}


class LiveStream:
    """One open RTSP session. Only its `packets` may be used, by one thread.

    `waits`: what is not read at once waits in the camera and on the way (TCP) and is not lost.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        audio: AudioStream | None = None,
        *,
        waits: bool = False,
    ) -> None:
        self._container = container
        self.waits = waits
        self.video, self.audio = stream, audio
        self.codec = str(stream.codec_context.name)
        self.extradata = bytes(stream.codec_context.extradata or b"")

    def packets(self) -> Iterator[Packet[VideoStream] | Packet[AudioStream]]:
        """The packets until the camera goes away, which raises Lost: a live stream that ends has
        been cut.
        """
        streams = [self.video] if self.audio is None else [self.video, self.audio]
        try:
            for packet in self._container.demux(*streams):
                if packet.size:
                    yield packet  # type: ignore[misc]
        except av.error.FFmpegError as error:
            raise stream_lost(error) from None
        raise Lost(GapReason.CAMERA_OFFLINE, "the camera ended the stream")


class Rtsp:
    """The way to one camera's stream; `transport` is the one that worked, TCP first, then UDP."""

    def __init__(
        self,
        url: str,
        credential: Credential | None,
        transport: str = "tcp",
        *,
        audio: bool = False,
    ) -> None:
        self._url = url
        self._credential = credential
        self._media = "video+audio" if audio else "video"
        self.transport = transport

    @contextmanager
    def open(self) -> Iterator[LiveStream]:
        """A session for the body of `with`. Raises Lost, never anything with the password."""
        container = self._connect()
        try:
            sound = "audio" in self._media
            yield _live(container, wants_sound=sound, waits=self.transport == "tcp")
        finally:
            container.close()

    def _connect(self) -> InputContainer:
        try:
            return self._dial()
        except av.error.FFmpegError as error:
            if error.errno != errno.EPROTONOSUPPORT:
                # where UDP is swallowed on the way, TCP has its turn again
                self.transport = "tcp"
                raise stream_lost(error) from None
        self.transport = "udp" if self.transport == "tcp" else "tcp"
        try:
            return self._dial()
        except av.error.FFmpegError as error:
            raise stream_lost(error) from None

    def _dial(self) -> InputContainer:
        options = {
            **_OPTIONS,
            "rtsp_transport": self.transport,
            "allowed_media_types": self._media,
        }
        address = with_credential(self._url, self._credential)
        return av.open(address, options=options, timeout=(_OPENING, SILENCE))


def _live(container: InputContainer, *, wants_sound: bool, waits: bool) -> LiveStream:
    if not container.streams.video:
        raise Lost(GapReason.CODEC_NOT_SUPPORTED, "no video in the stream")
    stream = container.streams.video[0]
    codec = stream.codec_context.name if stream.codec_context else "unknown"
    if codec not in CODECS:
        raise Lost(GapReason.CODEC_NOT_SUPPORTED, codec)
    sound = _sound(container) if wants_sound else None
    return LiveStream(container, stream, sound, waits=waits)


def _sound(container: InputContainer) -> AudioStream | None:
    """The sound, if there is any that a file can hold; what cannot be kept is told."""
    for stream in container.streams.audio:
        codec = stream.codec_context.name if stream.codec_context else "unknown"
        if codec in SOUND:
            return stream
        log.warning("camera.sound_not_recorded", codec=codec, known=sorted(SOUND))
    return None


def with_credential(url: str, credential: Credential | None) -> str:
    """The URL with user and password, percent-encoded; unchanged when it holds some already."""
    parts = urlsplit(url)
    if credential is None or "@" in parts.netloc:
        return url
    user, password = quote(credential.user, safe=""), quote(credential.password, safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))
