"""URLs with credentials, and single key frames."""

import numpy as np
import pytest

from edge_agent.core.media import KeyFrame
from edge_agent.core.secret import Credential
from edge_agent.vision.decoder import KeyFrameDecoder, with_credential
from tests.fakes.clock import FakeClock
from tests.unit.vision import encoded
from tests.unit.vision.pictures import scene

CLOCK = FakeClock()


def key_frame(width: int = 320, height: int = 180, codec: str = "H264") -> KeyFrame:
    image = scene(width=width, height=height, floor=90)
    return encoded.key_frame(image, CLOCK.pass_time(1), codec=codec)


def as_avcc(key: KeyFrame) -> KeyFrame:
    """The same frame as MP4 keeps it: lengths instead of start codes (ISO/IEC 14496-15)."""
    sps, pps = [part for part in units(key.data) if part[0] & 31 in (7, 8)]
    slices = [part for part in units(key.data) if part[0] & 31 == 5]
    extradata = bytes([1, *sps[1:4], 0xFF, 0xE1]) + len(sps).to_bytes(2, "big") + sps
    extradata += bytes([1]) + len(pps).to_bytes(2, "big") + pps
    data = b"".join(len(part).to_bytes(4, "big") + part for part in slices)
    return KeyFrame(key.camera, key.codec, key.at, extradata, data)


def units(stream: bytes) -> list[bytes]:
    parts = stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [part for part in parts if part]


@pytest.mark.parametrize(
    ("url", "user", "password", "expected"),
    [
        ("rtsp://10.0.0.9/1", "admin", "a", "rtsp://admin:a@10.0.0.9/1"),
        (
            "rtsp://h:8554/x?y=1",
            "ad min",
            "p@:/#?%",
            "rtsp://ad%20min:p%40%3A%2F%23%3F%25@h:8554/x?y=1",
        ),
        ("rtsp://h/1", "", "", "rtsp://h/1"),
    ],
)
def test_credentials_are_encoded_into_the_url(
    url: str, user: str, password: str, expected: str
) -> None:
    assert with_credential(url, Credential(user, password)) == expected
    assert with_credential(url, None) == url


def test_key_frames_in_annex_b_and_in_avcc_decode_to_the_same_picture() -> None:
    key = key_frame()
    plain, packed = KeyFrameDecoder().decode(key), KeyFrameDecoder().decode(as_avcc(key))
    assert plain is not None
    assert packed is not None
    assert plain.shape == (180, 320, 3)
    assert abs(int(plain.mean()) - 90) <= 3
    assert (plain == packed).all()


def test_one_decoder_takes_frame_after_frame_and_a_change_of_size() -> None:
    decoder, key = KeyFrameDecoder(), key_frame()
    shapes = [
        None if image is None else image.shape[:2]
        for image in map(decoder.decode, [key, key, key_frame(640, 360), key])
    ]
    assert shapes == [(180, 320), (180, 320), (360, 640), (180, 320)]


@pytest.mark.parametrize("codec", ["H264", "h264", "H.264"])
def test_codec_names_are_read_as_rtsp_and_the_library_write_them(codec: str) -> None:
    assert KeyFrameDecoder().decode(key_frame(codec=codec)) is not None


@pytest.mark.parametrize(
    ("codec", "data"),
    [("H264", b""), ("H264", b"\0\0\1\x65nothing"), ("MJPG", b"\xff\xd8"), ("", b"x")],
)
def test_bytes_that_are_no_picture_give_none_and_the_next_frame_decodes(
    codec: str, data: bytes
) -> None:
    decoder, key = KeyFrameDecoder(), key_frame()
    broken = KeyFrame("c", codec, key.at, key.extradata, data)
    assert decoder.decode(broken) is None
    image = decoder.decode(key)
    assert image is not None
    assert image.dtype == np.uint8
