"""Which of a camera's profiles is recorded and which is looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge_agent.camera.onvif import Profile
from edge_agent.core.media import Stream

SUB_MIN_WIDTH = 320  # pixels; a person is too small to detect in less


def by_source(profiles: Iterable[Profile]) -> list[list[Profile]]:
    """Profiles by video source, in the camera's order: a recorder has one source a channel."""
    sources: dict[str, list[Profile]] = {}
    for profile in profiles:
        sources.setdefault(profile.source, []).append(profile)
    return list(sources.values())


def choose(profiles: Sequence[Profile]) -> tuple[Stream, Stream | None]:
    """Main and sub stream of one video source: the largest profile, and the smallest other one at
    least 320 wide. JPEG profiles are taken only where there is nothing else.
    """
    video = [one for one in profiles if one.codec.upper() != "JPEG"] or list(profiles)
    main = max(video, key=_area)
    others = [one for one in video if one.width >= SUB_MIN_WIDTH and one.url != main.url]
    sub = min(others, key=_area, default=None)
    return _stream(main), _stream(sub) if sub else None


def _area(profile: Profile) -> int:
    return profile.width * profile.height


def _stream(profile: Profile) -> Stream:
    return Stream(profile.url, profile.width, profile.height, profile.codec)
