"""Legends: what stands at the box of each person in an event (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.core.event import EpisodeChange, Rule, Shot
from edge_agent.core.geometry import Box, GroundPoint, Size
from edge_agent.rules.ground import GroundPlane, pair_distance
from edge_agent.rules.motion import foot_error
from edge_agent.rules.standing import stand

_APART = (Rule.DISTANCING, Rule.GATHERING)
_DURING = (Shot.NOW, Shot.WORST)


def legends(
    change: EpisodeChange,
    shot: Shot,
    people: Sequence[Box],
    plane: GroundPlane | None,
    picture: Size,
) -> list[str]:
    """One for each of `people`, boxes in the pixels of this picture: their mask, or how many metres
    the nearest of the others is away in it. Empty where nothing is known: the event's own figure
    comes from many pictures, this one from a single look; and before and after nobody read a mask.
    """
    if change.rule is Rule.MASK:
        return [str(change.data.get("state", "")) if shot in _DURING else ""] * len(people)
    if change.rule not in _APART or plane is None:
        return [""] * len(people)
    sx, sy = plane.size.width / picture.width, plane.size.height / picture.height
    places = [_place(plane, box.scaled(sx, sy)) for box in people]
    return [_nearest(number, places) for number in range(len(places))]


def _place(plane: GroundPlane, box: Box) -> GroundPoint | None:
    return stand(plane, box, foot_error(box))


def _nearest(number: int, places: Sequence[GroundPoint | None]) -> str:
    here = places[number]
    others = [one for other, one in enumerate(places) if one is not None and other != number]
    if here is None or not others:
        return ""
    return f"{min(pair_distance(here, there)[0] for there in others):.1f} m"
