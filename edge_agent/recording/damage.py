"""After a power cut whole boxes may hold pictures that never reached the disk: decode them."""

from __future__ import annotations

from pathlib import Path

import av
import av.error


def first_damage(path: Path, behind: int) -> int | None:
    """The byte at which the first picture lies that does not decode, of those whose bytes begin at
    `behind` or later; None when all of them play. 0 when the file cannot be opened at all.
    """
    at = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            # one thread: an error then belongs to the packet that was just given
            context.options, context.thread_count = {"err_detect": "explode"}, 1
            decoding = False
            for packet in container.demux(stream):
                if packet.pos is not None:
                    at = packet.pos
                decoding = decoding or (packet.is_keyframe and at >= behind)
                if decoding:
                    packet.decode()
    except (av.error.FFmpegError, IndexError):
        return at
    return None
