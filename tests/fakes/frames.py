"""A frame source that plays what the test wrote down."""

from collections.abc import Iterator, Sequence
from threading import Event

from edge_agent.core.trouble import Trouble
from edge_agent.vision.frame import Frame


class ScriptedFrames:
    """Plays its frames once, as fast as they are taken; then the stream is lost, as streams are."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames

    def frames(self, stop: Event) -> Iterator[Frame]:
        for frame in self._frames:
            if stop.is_set():
                return
            yield frame
        raise Trouble("camera.stream_ended", "Luồng hình đã hết.", "The stream ended.")
