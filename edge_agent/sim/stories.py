"""The stories that virtual cameras show: a corridor, a yard, a reception; varied by the seed.

The first camera has a bare face and a close pair within its first seconds; the second a crowd that
keeps its distance, one bare face, and two people who merely pass each other; later cameras take
the stories in turn, mirrored and dressed by the seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from edge_agent.core.geometry import Size
from edge_agent.sim.camera_model import PinholeView
from edge_agent.sim.cutouts import Look
from edge_agent.sim.scenario import Counter, Person, Room, Scenario, Waypoint

MAIN = Size(1920, 1080)
LOOP = 60.0  # seconds

# Dyes are BGR multipliers: a dark coat becomes navy, brown or green, the fleece blue or sand.
WARDROBE = (
    Look("coat"),
    Look("fleece"),
    Look("coat", "silver", (1.9, 1.5, 1.2)),
    Look("fleece", "glasses", (1.0, 0.8, 0.72)),
    Look("coat", "beard", (1.2, 1.6, 2.2)),
    Look("fleece", "silver", (0.8, 0.86, 0.7)),
    Look("fleece", "", (0.7, 0.62, 0.68)),
)


def path(*points: tuple[float, float, float]) -> tuple[Waypoint, ...]:
    """Waypoints from (second, x metres, y metres)."""
    return tuple(Waypoint(*point) for point in points)


def corridor(camera: int) -> Scenario:
    """A corridor: one bare face comes near at once, and two people stop to talk for a while."""
    bare = path(
        (0, 1.7, 17.0), (7, 1.7, 6.4), (11, 1.7, 6.4), (14, 1.0, 5.9), (18, 1.0, 5.9),
        (21, 1.5, 6.1), (23, 1.5, 6.1), (27, 1.3, 0.4), (32, 1.3, 0.4), (46, 1.7, 17.0),
        (60, 1.7, 17.0),
    )  # fmt: skip
    comes = path(
        (0, -1.5, 16.5), (5.5, -0.9, 9.7), (14, -0.9, 9.7), (15, -1.0, 9.5), (23, -1.0, 9.5),
        (30, -1.5, 16.5), (60, -1.5, 16.5),
    )  # fmt: skip
    waits = path(
        (0, -2.0, 9.4), (9, -2.0, 9.4), (10, -1.9, 9.3), (25, -1.9, 9.3), (33, -1.5, 0.4),
        (46, -1.5, 0.4), (54, -2.0, 9.4), (60, -2.0, 9.4),
    )  # fmt: skip
    far = path((0, 0.2, 20.5), (14, 0.4, 20.9), (30, -0.3, 20.4), (45, 0.1, 20.9), (60, 0.2, 20.5))
    people = (
        Person(1, WARDROBE[1], False, bare),
        Person(2, WARDROBE[2], True, comes),
        Person(3, WARDROBE[0], True, waits),
        Person(4, WARDROBE[5], True, far),
    )
    room = Room(2.7, 24.0, 3.5, wall=(206, 218, 220), floor=(168, 178, 184), tile=0.6)
    return Scenario(camera, PinholeView(3.0, 18.0, 65.0, MAIN), room, people, None, LOOP)


def yard(camera: int) -> Scenario:
    """A yard: a masked crowd that keeps apart, one bare face, and two who pass in a moment."""
    bare = path(
        (0, 5.5, 16.0), (8, 3.0, 9.5), (12, 1.8, 6.5), (20, 1.8, 6.5), (26, 6.6, 6.0),
        (50, 6.6, 6.0), (60, 5.5, 16.0),
    )  # fmt: skip
    stands = path(
        (0, -0.6, 11.5), (18, -0.6, 11.5), (20, -0.9, 11.8), (50, -0.9, 11.8), (60, -0.6, 11.5)
    )
    right = path(
        (0, -5.0, 16.5), (20, -5.0, 16.5), (30, 5.0, 16.5), (40, 5.0, 16.5), (50, -5.0, 16.5),
        (60, -5.0, 16.5),
    )  # fmt: skip
    left = path(
        (0, 2.6, 18.2), (22, 2.6, 18.2), (29, -4.8, 17.6), (42, -4.8, 17.6), (49, 2.6, 18.2),
        (60, 2.6, 18.2),
    )  # fmt: skip
    roams = path(
        (0, -2.2, 20.5), (31, -2.2, 20.5), (36, 2.6, 15.0), (41, 2.8, 9.0), (44, 1.2, 6.5),
        (48, 1.2, 6.5), (50, 2.8, 9.0), (54.5, 2.4, 14.0), (60, -2.2, 20.5),
    )  # fmt: skip
    people = (
        Person(1, WARDROBE[3], False, bare),
        Person(2, WARDROBE[1], True, stands),
        Person(3, WARDROBE[2], True, right),
        Person(4, WARDROBE[6], True, left),
        Person(5, WARDROBE[4], True, roams),
        Person(6, Look("seated"), True, path((0, -2.9, 6.45), (60, -2.9, 6.45)), seat=1.05),
    )
    room = Room(7.5, 27.0, 0.0, wall=(184, 206, 222), floor=(176, 184, 188), tile=1.5)
    view = PinholeView(3.2, 17.0, 70.0, MAIN)
    return Scenario(camera, view, room, people, Counter(-3.7, -2.1, 5.95, 1.05), LOOP)


def reception(camera: int) -> Scenario:
    """A reception: a bare face leans over the counter all the time, masked people come and go."""
    comes = path(
        (0, 1.6, 15.0), (6, 1.8, 8.0), (20, 1.8, 8.0), (27, 1.2, 15.0), (60, 1.6, 15.0),
    )  # fmt: skip
    crosses = path(
        (0, -3.4, 13.5), (26, -3.4, 13.5), (33, 3.4, 9.0), (44, 3.4, 9.0), (52, -3.4, 13.5),
        (60, -3.4, 13.5),
    )  # fmt: skip
    people = (
        Person(1, Look("leaning"), False, path((0, -2.3, 6.45), (60, -2.3, 6.45)), seat=1.02),
        Person(2, WARDROBE[3], True, comes),
        Person(3, WARDROBE[4], True, crosses),
    )
    room = Room(4.5, 20.0, 3.6, wall=(210, 214, 206), floor=(172, 180, 190), tile=0.8)
    view = PinholeView(3.0, 18.0, 66.0, MAIN)
    return Scenario(camera, view, room, people, Counter(-3.2, -1.3, 5.95, 1.02), LOOP)


STORIES: tuple[Callable[[int], Scenario], ...] = (corridor, yard, reception)


def mirrored(scenario: Scenario) -> Scenario:
    """The same story with left and right exchanged; every distance stays."""
    people = tuple(
        replace(person, path=tuple(replace(spot, x=-spot.x) for spot in person.path))
        for person in scenario.people
    )
    counter = scenario.counter
    if counter:
        counter = replace(counter, x1=-counter.x2, x2=-counter.x1)
    return replace(scenario, people=people, counter=counter)


def dressed(scenario: Scenario, chance: random.Random) -> Scenario:
    """The same story with other people in it; who is masked stays."""
    looks = chance.sample(WARDROBE, len(WARDROBE))
    people = tuple(
        replace(person, look=looks[i % len(looks)]) if person.seat is None else person
        for i, person in enumerate(scenario.people)
    )
    return replace(scenario, people=people)


def scenario_for(camera: int, seed: int) -> Scenario:
    """The story of camera 1, 2, 3, …: the first three as written, later ones varied by the seed."""
    story = STORIES[(camera - 1) % len(STORIES)](camera)
    if camera <= len(STORIES):
        return story
    chance = random.Random(f"{seed}/{camera}")
    story = dressed(story, chance)
    return mirrored(story) if chance.random() < 0.5 else story
