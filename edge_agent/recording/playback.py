"""Does a recorded file play: the only honest test decodes every picture of it."""

from __future__ import annotations

from pathlib import Path

import av
import av.error


def played_seconds(path: Path) -> float:
    """Seconds of pictures that decode, from the first to the end of the last.

    Raises ValueError when the file is not a video, holds no picture, or a picture is damaged.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ValueError(f"{path.name}: no video inside")
            stream = container.streams.video[0]
            stream.codec_context.options = {"err_detect": "explode"}
            times = [frame.time for frame in container.decode(stream) if frame.time is not None]
            rate = float(stream.average_rate or 25)
    except (av.error.FFmpegError, OSError) as error:
        raise ValueError(f"{path.name}: {error.strerror or type(error).__name__}") from error
    if not times:
        raise ValueError(f"{path.name}: no picture inside")
    return max(times) - min(times) + 1 / rate
