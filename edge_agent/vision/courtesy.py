"""Courtesy: what may wait a little lets the frames of other cameras go first."""

from __future__ import annotations

from collections.abc import Callable

_LONGEST = 0.5  # seconds; a key frame is read while the tracks still remember its moment


class Courtesy:
    """For one camera's work that is not due at a certain frame. `crowded` says whether frames wait
    to be looked at.
    """

    def __init__(self, crowded: Callable[[], bool]) -> None:
        self._crowded = crowded
        self._since: float | None = None

    def allows(self, mono: float) -> bool:
        """Whether the work that is due is done now, at this monotonic second; if not, it is asked
        again with the next frame, and is done after half a second however many wait.
        """
        since = mono if self._since is None else self._since
        if mono - since < _LONGEST and self._crowded():
            self._since = since
            return False
        self._since = None
        return True
