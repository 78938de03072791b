"""The watch over one camera: the room's face. Values in, values out; the caller keeps the clock.

One analysed frame is `see`, then `decide`; a key frame of the main stream is `heads_due`, then
`read_heads`. Whatever ends the looking is `interrupt`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge_agent.config.behaviours import Rules
from edge_agent.config.schema import Calibration
from edge_agent.core.event import EpisodeChange, Rule
from edge_agent.core.geometry import Size
from edge_agent.core.perception import Detection, HeadRequest, MaskReading, Track
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.rules import episodes, masks
from edge_agent.rules.distancing import observe_distances
from edge_agent.rules.episodes import Episodes, Patience, Stage
from edge_agent.rules.ground import GroundPlane, fit_plane
from edge_agent.rules.masks import Ballot
from edge_agent.rules.observation import Observation
from edge_agent.rules.tracker import Tracker, advance

MASK_BRIDGE = 2.0  # seconds a person without a mask may be hidden
CAMERA_PATIENCE = Patience(0.0, 2.0, 60.0)  # what judges the camera has waited already
NO_CALIBRATION = "calibration.missing"


@dataclass(frozen=True)
class WatchSettings:
    """What a watch is told once: `size` of the sub frame in pixels, `main_scale` main-stream
    pixels per sub-stream pixel.
    """

    site: str
    camera: str
    size: Size
    main_scale: float
    rules: Rules
    calibration: Calibration | None


@dataclass(frozen=True)
class Watch:
    """All that is known of one camera's people. `reason` is why distances are not watched:
    `calibration.missing`, the code of the calibration's Trouble, or empty when all is well.
    """

    settings: WatchSettings
    reason: str
    tracker: Tracker
    episodes: Episodes
    ballots: Mapping[int, Ballot] = field(default_factory=dict)
    decided: Instant | None = None


def new_watch(settings: WatchSettings) -> Watch:
    """A watch that has seen nothing. A calibration that fixes no floor costs it the distances,
    said in `reason`, and not the masks; `fit_plane` tells people why.
    """
    plane, reason = _plane(settings)
    mask, apart = settings.rules.mask, settings.rules.distancing
    patience = {
        Rule.MASK: Patience(0.0, MASK_BRIDGE, mask.cooldown),
        Rule.DISTANCING: Patience(apart.duration, apart.bridge, apart.cooldown),
        Rule.TAMPER: CAMERA_PATIENCE,
        Rule.CALIBRATION: CAMERA_PATIENCE,
    }
    book = Episodes(settings.site, settings.camera, patience)
    return Watch(settings, reason, Tracker(settings.size, plane), book)


def see(watch: Watch, at: Instant, detections: Sequence[Detection]) -> Watch:
    """The watch after one analysed frame; one not newer than the last is ignored."""
    tracker = advance(watch.tracker, at, detections)
    living = {trail.id for trail in tracker.trails}
    ballots = {number: ballot for number, ballot in watch.ballots.items() if number in living}
    return replace(watch, tracker=tracker, ballots=ballots)


def tracks(watch: Watch) -> tuple[Track, ...]:
    """Everybody followed at the last frame, tentative and lost ones too."""
    return tuple(
        Track(
            trail.id,
            trail.state,
            trail.box,
            trail.score,
            trail.ground,
            watch.ballots.get(trail.id, Ballot()).state,
        )
        for trail in watch.tracker.trails
    )


def heads_due(watch: Watch, at: Instant) -> tuple[HeadRequest, ...]:
    """Whose head to read from the key frame taken at `at`, largest first, in sub pixels."""
    settings = watch.settings
    return masks.heads_due(
        watch.tracker.trails,
        watch.ballots,
        settings.rules.mask,
        at,
        settings.size,
        settings.main_scale,
    )


def read_heads(watch: Watch, at: Instant, readings: Mapping[int, MaskReading]) -> Watch:
    """The watch after readings by track id from the key frame at `at`; of tracks gone: ignored."""
    living = {trail.id for trail in watch.tracker.trails}
    rule = watch.settings.rules.mask
    cast = {
        number: masks.cast(watch.ballots.get(number, Ballot()), rule, at, reading)
        for number, reading in sorted(readings.items())
        if number in living
    }
    return replace(watch, ballots={**watch.ballots, **cast})


def decide(
    watch: Watch, at: Instant, camera: Sequence[Observation] = ()
) -> tuple[Watch, tuple[EpisodeChange, ...]]:
    """What opened and closed by now. Only a new frame is evidence; time alone closes.

    `camera` are claims about the camera itself (tampering, a stale calibration), seen at `at`.
    """
    frame, live = watch.tracker.at, {trail.id: trail for trail in watch.tracker.trails}
    book, said = watch.episodes, tuple[EpisodeChange, ...]()
    if frame is not None and frame != watch.decided:
        claims = (*_mask_claims(watch), *_distance_claims(watch))
        book, said = episodes.observe(book, frame, claims, live)
    if camera:
        book, more = episodes.observe(book, at, camera, live)
        said = (*said, *more)
    book, late = episodes.expire(book, at, live)
    return replace(watch, episodes=book, decided=frame), (*said, *late)


def interrupt(watch: Watch, at: Instant, reason: str) -> tuple[Watch, tuple[EpisodeChange, ...]]:
    """Looking ends (stream lost, stopping): every open episode closes and all tracks are dropped.

    What had run out by `at` anyway closes for its own reason.
    """
    live = {trail.id: trail for trail in watch.tracker.trails}
    book, late = episodes.expire(watch.episodes, at, live)
    book, said = episodes.interrupt(book, reason)
    tracker = replace(watch.tracker, trails=())
    return replace(watch, episodes=book, tracker=tracker, ballots={}), (*late, *said)


def violators(watch: Watch) -> frozenset[int]:
    """Track ids in open episodes."""
    book = watch.episodes
    return frozenset(
        number for rule in Rule for key in episodes.active(book, rule, Stage.OPEN) for number in key
    )


def _plane(settings: WatchSettings) -> tuple[GroundPlane | None, str]:
    if settings.calibration is None:
        return None, NO_CALIBRATION
    try:
        return fit_plane(settings.calibration, settings.size, settings.camera), ""
    except Trouble as trouble:
        return None, trouble.code


def _mask_claims(watch: Watch) -> tuple[Observation, ...]:
    return masks.observe_masks(watch.tracker.trails, watch.ballots, watch.settings.rules.mask)


def _distance_claims(watch: Watch) -> tuple[Observation, ...]:
    rule = watch.settings.rules.distancing
    together = episodes.active(watch.episodes, Rule.DISTANCING, Stage.PENDING, Stage.OPEN)
    return observe_distances(watch.tracker.trails, rule, together)
