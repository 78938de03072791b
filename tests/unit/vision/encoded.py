"""Key frames as a recorder hands them on, encoded here."""

from fractions import Fraction

import av

from edge_agent.core.media import KeyFrame
from edge_agent.core.time import Instant
from edge_agent.vision.frame import Image


def key_frame(image: Image, at: Instant, camera: str = "c", codec: str = "H264") -> KeyFrame:
    """The picture as one H.264 access unit in annex B, parameter sets in band."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = image.shape[:2]
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "bf": "0"}
    packets = [*encoder.encode(av.VideoFrame.from_ndarray(image, "bgr24")), *encoder.encode(None)]
    return KeyFrame(camera, codec, at, bytes(encoder.extradata or b""), bytes(packets[0]))
