"""Cameras that answer ONVIF questions from memory: the seam `OnvifCamera` without a network."""

from collections import Counter
from threading import Event

from edge_agent.camera.discovery import Found
from edge_agent.camera.onvif import Description
from edge_agent.camera.soap import NoAnswerError, RefusedError
from edge_agent.core.secret import Credential
from edge_agent.runtime.clock import Clock


class FakeOnvifCamera:
    """Describes itself to who knows its password; counts who did not."""

    def __init__(
        self,
        description: Description | None,
        credential: Credential | None = None,
        silent: Event | None = None,
    ) -> None:
        self.description, self.credential, self.silent = description, credential, silent
        self.asked: Counter[str] = Counter()

    def describe(self, credential: Credential | None) -> Description:
        self.asked["all"] += 1
        if self.silent is not None:
            self.silent.wait()
        if self.description is None:
            raise NoAnswerError("switched off")
        if self.credential not in (None, credential):
            self.asked["refused"] += 1
            raise RefusedError(left=5, clock_offset=self.description.clock_offset)
        return self.description


class FakeNetwork:
    """A `connect` for `find_cameras`: the camera behind each endpoint reference."""

    def __init__(self, cameras: dict[str, FakeOnvifCamera]) -> None:
        self.cameras = cameras

    def __call__(self, found: Found, clock: Clock) -> FakeOnvifCamera:
        return self.cameras[found.epr]
