"""Decoding: RTSP sub streams into frames, and single key frames of the main stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error
import numpy as np
from av.video.reformatter import VideoReformatter

from edge_agent.core.media import KeyFrame
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.vision.frame import Frame, Image, Pace

_OPTIONS = {
    "rtsp_transport": "tcp",
    # Microseconds and bytes; the defaults double the opening time. Not `nobuffer`: it throws away
    # what was read for the analysis, and with it the first key frame.
    "analyzeduration": "500000",
    "probesize": "200000",
}
_TIMEOUTS = (5, 5)  # seconds to open, seconds without a packet
# A demuxer keeps the newest packet until the next one comes, and lets it go when the time is up:
# what comes after so many seconds was sent before them and says nothing of now.
_HELD = 0.9 * _TIMEOUTS[1]
# After a frame that was handed out, what comes before the next one gathers in the socket and is
# read together: waking up for each packet costs more than decoding it.
_GATHERS = 0.7  # of the time to the next frame, which is not late by it
_LONGEST = 0.2  # seconds: the socket holds as much of any sub stream
_NAMES = {"h264": "h264", "avc": "h264", "h265": "hevc", "hevc": "hevc"}


class RtspSource:
    """The sub stream of one camera, every frame decoded and `fps` of them handed out as BGR.

    Each call of `frames` is one RTSP session over TCP. Damaged packets and frames are skipped and
    counted; a stream may change its size at any time. `tap` sees every packet after it was decoded.
    """

    def __init__(
        self,
        camera: str,
        url: str,
        credential: Credential | None,
        fps: float,
        clock: Clock,
        tap: Callable[[Any, Any, Instant], None] = lambda _packet, _stream, _at: None,
    ) -> None:
        self._camera, self._url, self._credential = camera, url, credential
        self._fps, self._clock, self._tap = fps, clock, tap
        self._bgr = _Bgr()

    def frames(self, stop: Event) -> Iterator[Frame]:
        """Frames until `stop`; raises Trouble `camera.*` when the session ends, in words that
        hold neither password nor user.
        """
        pace, damaged, before = Pace(self._fps), 0, self._clock.now()
        gathers = min(_GATHERS / self._fps, _LONGEST)
        container = self._open()
        try:
            stream = _video(container, self._camera)
            log.info("stream.opened", camera=self._camera, codec=stream.codec_context.name)
            for packet in self._packets(container, stream):
                if stop.is_set():
                    return
                pictures = _decoded(packet)
                damaged += pictures is None
                at = self._clock.now()
                held = at.since(before) >= _HELD
                self._tap(packet, stream, at)
                due = [self._bgr(one) for one in pictures or () if not held and pace.due(at.mono)]
                del pictures  # each holds a buffer that the decoder would use again
                while due:
                    yield Frame(self._camera, at, due.pop(0))
                    stop.wait(gathers)
                before = self._clock.now()
        finally:
            container.close()
            if damaged:
                log.warning("stream.damaged", camera=self._camera, packets=damaged)
        raise _trouble("stream_ended", self._camera, *_ENDED)

    def _open(self) -> Any:
        """The RTSP session. PyAV's own errors carry the URL with the password: none gets out."""
        try:
            return av.open(
                with_credential(self._url, self._credential), options=_OPTIONS, timeout=_TIMEOUTS
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            failed = error
        raise _of_error(failed, self._camera)

    def _packets(self, container: Any, stream: Any) -> Iterator[Any]:
        try:
            yield from container.demux(stream)
        except (av.error.FFmpegError, OSError) as error:
            failed = error
        else:
            return
        raise _of_error(failed, self._camera)


class KeyFrameDecoder:
    """Decodes single key frames of one camera's main stream (annex B or avcC/hvcC, as the
    parameter sets say). A context is kept while codec and parameter sets stay the same.
    """

    def __init__(self) -> None:
        self._made_for: tuple[str, bytes] | None = None
        self._context: Any = None
        self._bgr = _Bgr()

    def decode(self, key: KeyFrame) -> Image | None:
        """The picture, BGR; None for bytes that hold no decodable picture (logged once each)."""
        try:
            context = self._context_for(key)
            pictures = [*context.decode(av.Packet(key.data)), *context.decode(None)]
            context.flush_buffers()
            whole = [picture for picture in pictures if not picture.is_corrupt]
            image = self._bgr(whole[0]) if whole else None
        except (av.error.FFmpegError, ValueError) as error:
            self._made_for = None
            log.warning("keyframe.damaged", camera=key.camera, error=type(error).__name__)
            return None
        if image is None:
            log.warning("keyframe.damaged", camera=key.camera, error="no whole picture")
        return image

    def _context_for(self, key: KeyFrame) -> Any:
        """Raises ValueError for a codec that is no camera's."""
        if self._made_for != (key.codec, key.extradata):
            name = _NAMES.get(key.codec.lower().replace(".", ""))
            if name is None:
                raise ValueError(f"codec {key.codec!r}")
            self._context = av.CodecContext.create(name, "r")
            self._context.thread_count = 1
            if key.extradata:
                self._context.extradata = key.extradata
            self._made_for = (key.codec, key.extradata)
        return self._context


class _Bgr:
    """Makes decoded pictures BGR. Left to itself, PyAV makes a converter for each of them, with a
    thread for every core: that takes three times as long as a picture of a sub stream does.
    """

    def __init__(self) -> None:
        self._converter = VideoReformatter()

    def __call__(self, picture: Any) -> Image:
        bgr = self._converter.reformat(picture, format="bgr24", threads=1)
        return np.asarray(bgr.to_ndarray(), np.uint8)


def with_credential(url: str, credential: Credential | None) -> str:
    """The URL with user and password percent-encoded into it: for the library's ears only."""
    if credential is None or not credential.user:
        return url
    parts = urlsplit(url)
    login = f"{quote(credential.user, safe='')}:{quote(credential.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


def _video(container: Any, camera: str) -> Any:
    if not container.streams.video:
        raise _trouble("no_video", camera, *_NO_VIDEO)
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1  # a small stream; more threads only add delay
    return stream


def _decoded(packet: Any) -> list[Any] | None:
    """The whole pictures of one packet; None where the packet is damaged."""
    try:
        return [picture for picture in packet.decode() if not picture.is_corrupt]
    except av.error.FFmpegError:
        return None


_ENDED = (
    "ngắt luồng hình. Chương trình tự kết nối lại; nếu lặp lại, kiểm tra nguồn điện và mạng",
    "ended the stream. It is connected again by itself; if this repeats, check power and network",
)
_NO_VIDEO = (
    "không gửi hình trong luồng phụ. Kiểm tra cấu hình luồng phụ trên camera",
    "sends no video in its sub stream. Check the sub stream's settings on the camera",
)
_CAUSES: tuple[tuple[type[BaseException], str, str, str], ...] = (
    (
        av.error.HTTPUnauthorizedError,
        "password_refused",
        "từ chối tên hoặc mật khẩu. Sửa trong tệp mật khẩu (credentials)",
        "refuses user or password. Correct them in the credentials file",
    ),
    (
        av.error.HTTPNotFoundError,
        "stream_missing",
        "không có luồng phụ ở địa chỉ đã ghi. Dò lại camera",
        "has no sub stream at the stored address. Discover the camera again",
    ),
    (
        av.error.ExitError,
        "stream_stalled",
        "không gửi dữ liệu trong nhiều giây. Kiểm tra mạng và camera",
        "sent nothing for several seconds. Check the network and the camera",
    ),
    (
        av.error.InvalidDataError,
        "stream_unreadable",
        "gửi luồng không đọc được. Kiểm tra kiểu nén (H.264/H.265) và thuật toán digest MD5",
        "sends a stream that cannot be read. Check its codec (H.264/H.265) and MD5 digest setting",
    ),
)
_UNREACHABLE = (
    "không kết nối được. Kiểm tra nguồn điện, mạng và địa chỉ camera",
    "cannot be reached. Check its power, network and address",
)


def _of_error(error: BaseException, camera: str) -> Trouble:
    for kind, code, vi, en in _CAUSES:
        if isinstance(error, kind):
            return _trouble(code, camera, vi, en)
    return _trouble("unreachable", camera, *_UNREACHABLE)


def _trouble(code: str, camera: str, vi: str, en: str) -> Trouble:
    return Trouble(f"camera.{code}", f"Camera {camera} {vi}.", f"Camera {camera} {en}.")
