"""Finding repeated pictures by perceptual hash."""

import cv2
import numpy as np

from models.train.pictures import difference_hash, mirrored_hash, near_copies, read_faces


def picture(seed, height=120, width=160):
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def hashes(image):
    return difference_hash(image), mirrored_hash(image)


def test_a_rescaled_and_compressed_copy_has_nearly_the_same_hash():
    image = picture(1)
    small = cv2.resize(image, (90, 70), interpolation=cv2.INTER_AREA)
    spoilt = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1)
    assert (difference_hash(image) ^ difference_hash(spoilt)).bit_count() <= 4


def test_copies_of_what_is_kept_and_of_earlier_ones_are_found():
    kept = [difference_hash(picture(1))]
    candidates = {
        "copy": hashes(picture(1)),
        "new": hashes(picture(2)),
        "again": hashes(picture(2)),
        "other": hashes(picture(3)),
    }
    assert near_copies(candidates, kept) == {"copy", "again"}


def test_a_mirrored_copy_is_found():
    flipped = np.ascontiguousarray(picture(1)[:, ::-1])
    assert near_copies({"flipped": hashes(flipped)}, [difference_hash(picture(1))]) == {"flipped"}


def test_the_limit_counts_bits():
    assert near_copies({"a": (0b1111,)}, [0], limit=4) == {"a"}
    assert near_copies({"a": (0b11111,)}, [0], limit=4) == set()


def test_face_boxes_are_read_in_pixels(tmp_path):
    label = tmp_path / "one.txt"
    label.write_text("2 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.1 0.1\n")
    first, second = read_faces(label, 200, 100)
    assert np.allclose(first.box, (80, 30, 120, 70))
    assert (first.state, second.state) == (2, 0)
    assert first.side == 40
