"""The watch over one camera: the room's face. Values in, values out; the caller keeps the clock.

One analysed frame is `see`, then `decide`; a key frame of the main stream is `heads_due`, then
`read_heads`. Whatever ends the looking is `interrupt`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from edge_agent.config.behaviours import Rules
from edge_agent.config.schema import Calibration
from edge_agent.core.event import EpisodeChange, Rule
from edge_agent.core.geometry import Size
from edge_agent.core.perception import Detection, HeadRequest, MaskReading, RuleCoverage, Track
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.rules import episodes, masks
from edge_agent.rules.claims import mask_wanted, observe_all
from edge_agent.rules.cohorts import NOBODY, Company, kept_company
from edge_agent.rules.coverage import answers, covered
from edge_agent.rules.episode import Episodes, Stage
from edge_agent.rules.ground import GroundPlane, fit_plane
from edge_agent.rules.masks import NO_BALLOT, Ballot
from edge_agent.rules.observation import Observation, Patience
from edge_agent.rules.places import View
from edge_agent.rules.scene import Scene, emptied, in_force, new_scene, stepped
from edge_agent.rules.tracker import Tracker, advance, advance_given
from edge_agent.rules.trail import Trail

MASK_BRIDGE = 2.0  # seconds a person without a mask may be hidden
CAMERA_PATIENCE = Patience(0.0, 2.0, 60.0)  # what judges the camera has waited already
NO_CALIBRATION = "calibration.missing"


@dataclass(frozen=True)
class WatchSettings:
    """What a watch is told once: `size` of the sub frame in pixels, `main_scale` main-stream
    pixels per sub-stream pixel, `view` the camera's zones and lines, `zone` the site's time zone.
    """

    site: str
    camera: str
    size: Size
    main_scale: float
    rules: Rules
    calibration: Calibration | None
    view: View = field(default_factory=View)
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Watch:
    """All that is known of one camera's people. `reason` is why distances are not watched:
    `calibration.missing`, the code of the calibration's Trouble, or empty when all is well.
    `asked` are the persons in view who had to wear a mask; `coverage` adds up until harvested.
    """

    settings: WatchSettings
    reason: str
    tracker: Tracker
    episodes: Episodes
    scene: Scene
    company: Company = NOBODY
    asked: frozenset[int] = frozenset()
    coverage: RuleCoverage = field(default_factory=RuleCoverage)
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
    }
    rules, calibration = settings.rules, settings.calibration
    versions = version(rules.model_dump_json()), _calibration_version(calibration)
    return Watch(
        settings,
        reason,
        Tracker(settings.size, plane),
        Episodes(settings.site, settings.camera, patience, *versions),
        new_scene(rules, settings.view, plane, calibration, settings.size, settings.zone),
    )


def see(
    watch: Watch, at: Instant, detections: Sequence[Detection], ids: Sequence[int] | None = None
) -> Watch:
    """The watch after one analysed frame; one not newer than the last is ignored. `ids` are the
    persons' identities where somebody else knows them.
    """
    if ids is None:
        tracker = advance(watch.tracker, at, detections)
    else:
        tracker = advance_given(watch.tracker, at, detections, ids)
    if tracker is watch.tracker:
        return watch
    seconds = at.since(watch.tracker.at) if watch.tracker.at is not None else 0.0
    trails, rules = tracker.trails, watch.settings.rules
    scene = stepped(watch.scene, trails, at)
    wanted = _wanted(scene, trails, at)
    living = {trail.id for trail in trails}
    gone = sorted(watch.asked - living)
    counted = covered(watch.tracker.trails, trails, seconds, answers(gone, watch.ballots))
    return replace(
        watch,
        tracker=tracker,
        scene=scene,
        company=kept_company(watch.company, trails, seconds, rules.distancing.limit),
        ballots={number: ballot for number, ballot in watch.ballots.items() if number in wanted},
        asked=(watch.asked & living) | {t.id for t in trails if t.confirmed and t.id in wanted},
        coverage=watch.coverage + counted,
    )


def harvest(watch: Watch) -> tuple[Watch, RuleCoverage]:
    """What was covered since the last harvest."""
    return replace(watch, coverage=RuleCoverage()), watch.coverage


def tracks(watch: Watch) -> tuple[Track, ...]:
    """Everybody followed at the last frame, tentative and lost ones too."""
    return tuple(
        Track(
            trail.id,
            trail.state,
            trail.box,
            trail.score,
            trail.ground,
            watch.ballots.get(trail.id, NO_BALLOT).state,
        )
        for trail in watch.tracker.trails
    )


def heads_due(watch: Watch, at: Instant) -> tuple[HeadRequest, ...]:
    """Whose head to read from the key frame taken at `at`, largest first, in sub pixels; nobody's
    who need not wear a mask where they are.
    """
    settings = watch.settings
    wanted = _wanted(watch.scene, watch.tracker.trails, at)
    return masks.heads_due(
        [trail for trail in watch.tracker.trails if trail.id in wanted],
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
        number: masks.cast(watch.ballots.get(number, NO_BALLOT), rule, at, reading)
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
        together = episodes.active(book, Rule.DISTANCING, Stage.PENDING, Stage.OPEN)
        trails, scene = watch.tracker.trails, watch.scene
        claims = observe_all(scene, trails, watch.ballots, watch.company, together, frame)
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
    trails = watch.tracker.trails
    book, late = episodes.expire(watch.episodes, at, {trail.id: trail for trail in trails})
    book, said = episodes.interrupt(book, reason)
    counted = covered(trails, (), 0.0, answers(sorted(watch.asked), watch.ballots))
    ended = replace(
        watch,
        episodes=book,
        tracker=replace(watch.tracker, trails=()),
        scene=emptied(watch.scene),
        company=NOBODY,
        ballots={},
        asked=frozenset(),
        coverage=watch.coverage + counted,
    )
    return ended, (*late, *said)


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


def _wanted(scene: Scene, trails: Sequence[Trail], at: Instant) -> frozenset[int]:
    """Who must wear a mask now; a vote from where none is needed is no vote elsewhere."""
    if not in_force(scene, scene.rules.mask, at):
        return frozenset()
    return frozenset(trail.id for trail in trails if mask_wanted(scene, trail, at))


def version(text: str) -> str:
    """The short name of a version of something that is written down."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _calibration_version(calibration: Calibration | None) -> str:
    return version(calibration.model_dump_json()) if calibration is not None else ""
