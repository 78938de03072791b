"""What the vision process shows when somebody far away asks: a picture, and a short live look."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np

from edge_agent.core.perception import LivePiece, Snapshot, VisionStatus
from tests.integration.vision.street import camera, film
from tests.integration.vision.test_worker import heard, job, recorder, vision


def test_a_picture_is_shown_with_everybody_blurred_and_the_live_stream_plays(
    tmp_path: Path,
) -> None:
    with camera(film(tmp_path / "clips")) as (one, _):
        work = replace(job(tmp_path), cameras=(one,))
        with recorder(work.key_frames, "one"), vision(work) as (_process, pipe):
            heard(pipe, VisionStatus, "one", least=5)
            pipe.send(("snapshot", "r1", "one"))
            shown = heard(pipe, Snapshot)
            pipe.send(("live", "r2", "one", 3.0))
            pieces = [heard(pipe, LivePiece)]
            while not pieces[-1].last:
                pieces.append(heard(pipe, LivePiece))
            pipe.send(("snapshot", "r3", "nowhere"))
            nothing = heard(pipe, Snapshot)
    assert (shown.request, shown.camera) == ("r1", "one")
    assert shown.at is not None
    picture = cv2.imdecode(np.frombuffer(shown.picture, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert len(shown.picture) <= 100_000
    assert {piece.request for piece in pieces} == {"r2"}
    with av.open(BytesIO(b"".join(piece.data for piece in pieces))) as container:
        assert len(list(container.decode(video=0))) >= 20
    assert (nothing.request, nothing.at, nothing.picture) == ("r3", None, b"")
