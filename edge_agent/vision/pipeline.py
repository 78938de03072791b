"""The pipeline of one camera: a frame in, sightings out. No thread, no process, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from edge_agent.config.behaviours import Rules
from edge_agent.config.schema import Calibration
from edge_agent.core.event import EpisodeChange, Phase, Shot, Sighting
from edge_agent.core.geometry import Box, Size
from edge_agent.core.media import Camera
from edge_agent.core.perception import (
    Looked,
    Looks,
    MaskReading,
    RuleCoverage,
    Track,
    TrackState,
    Walk,
)
from edge_agent.core.time import Instant
from edge_agent.rules.places import View
from edge_agent.rules.walkers import Walkers, follow
from edge_agent.rules.watch import (
    Watch,
    WatchSettings,
    decide,
    harvest,
    heads_due,
    interrupt,
    new_watch,
    read_heads,
    see,
    tracks,
)
from edge_agent.vision.album import Album, Moment, boxes_of, divide
from edge_agent.vision.courtesy import Courtesy
from edge_agent.vision.detector import Detector
from edge_agent.vision.frame import Frame, Image, promised_size
from edge_agent.vision.guard import ViewGuard
from edge_agent.vision.legends import legends
from edge_agent.vision.motion import MotionGate
from edge_agent.vision.readings import Readings
from edge_agent.vision.seen import Seen
from edge_agent.vision.stills import Still, caption_of, make_still, place_and_time

_KEY_AGE = 2.0  # seconds that a key frame may be older than the frame: the tracks' memory
_STILL_AGE = 1.0  # seconds that a still's key frame may be older than the event
_SNAPSHOT_AGE = 10.0  # seconds that the picture of a snapshot may be old
_LOOKS = 600  # analysed frames kept until asked for; the oldest goes
_WALKS = 50  # walks that wait to be told; the oldest are dropped


@dataclass(frozen=True, slots=True)
class Models:
    """What the inference thread owns: the detector, the mask of one expected head, all faces of a
    picture, and the models' names and hashes as events state them.
    """

    detector: Detector
    read_mask: Callable[[Image, Box], MaskReading]
    find_faces: Callable[[Image], Sequence[MaskReading]]
    mark: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one camera's pipeline is told once. `zone` is the site's time zone (IANA), `view` the
    camera's zones and lines.
    """

    site: str
    zone: str
    camera: Camera
    rules: Rules
    calibration: Calibration | None
    idle_fps: float
    view: View = field(default_factory=View)


class CameraPipeline:
    """One camera's frames, gate, watch and stills. Owned by one thread.

    `key_picture` gives the newest main-stream picture not older than a monotonic second; without
    it the frames themselves are the main stream. While it is `crowded` faces are read later.
    """

    def __init__(
        self,
        outlook: Outlook,
        models: Models,
        key_picture: Callable[[float], Frame | None] | None = None,
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._outlook, self._models, self._key_picture = outlook, models, key_picture
        self._courtesy = Courtesy(crowded)
        self._gate, self._seen = MotionGate(outlook.idle_fps), Seen(models.detector)
        self._guard = ViewGuard(outlook.rules.tamper)
        self._watch: Watch | None = None
        self.readings = Readings()
        self._last: Frame | None = None
        self._looked: list[Looked] = []
        self._walkers = Walkers()
        self._walks: deque[Walk] = deque(maxlen=_WALKS)
        self._album, self._found = Album(), tuple[Box, ...]()
        self.analysed = 0

    @property
    def persons(self) -> int:
        """Confirmed people in the last analysed frame."""
        return sum(track.state is TrackState.CONFIRMED for track in self.tracks)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Everybody who is followed now."""
        return tracks(self._watch) if self._watch else ()

    @property
    def reason(self) -> str:
        """Why distances are not watched here, as a code; empty when they are."""
        return self._watch.reason if self._watch else ""

    @property
    def blind(self) -> str:
        """Why this camera sees nothing now (a kind of tampering); empty when it sees."""
        return self._guard.blind

    def take(self, frame: Frame) -> tuple[Sighting, ...]:
        """What this frame opened or closed. A frame of another size than before closes what is
        open and begins anew.
        """
        before: tuple[Sighting, ...] = ()
        if self._watch and self._watch.settings.size != frame.size:
            before = self.rest(frame.at, "size_changed")
            self._watch, self._looked, self._walkers = None, [], Walkers()
        watch = self._watch or self._new_watch(frame.size, frame.at)
        self.readings.turn()
        if self._gate.wants(frame.image, frame.at.mono, live=bool(tracks(watch))):
            self.analysed += 1
            found = self._seen.persons(frame)
            self._looked = [*self._looked[-_LOOKS:], Looked(frame.at, tuple(found))]
            watch = see(watch, frame.at, found)
            watch = self._read_masks(watch, frame)
            self._follow(watch, frame)
            self._found = tuple(one.box for one in found)
            self._album.look(frame, boxes_of(tracks(watch)), self._found)
            self._last = frame
        self._watch, changes = decide(watch, frame.at, self._guard.take(frame))
        self._album.judge(frame, boxes_of(self.tracks), self._found, self._watch.episodes.all)
        return (*before, *(self._sighting(change, frame) for change in changes))

    def snapshot(self, now: Instant) -> tuple[Instant | None, bytes]:
        """What the camera shows now, everybody in it blurred (JPEG ≤ 100 kB), and when that was;
        no bytes without a fresh picture.
        """
        key = self._key_picture(now.mono - _SNAPSHOT_AGE) if self._key_picture else None
        picture = key or self._last
        if picture is None or now.since(picture.at) > _SNAPSHOT_AGE:
            return None, b""
        found = self._seen.boxes(picture)
        caption = place_and_time(self._outlook.camera, picture.at.wall, self._outlook.zone)
        return picture.at, make_still(picture.image, (), found, (caption,)).picture

    def missed(self, at: Instant, reason: str) -> tuple[Sighting, ...]:
        """Nothing comes from this camera, for a reason (a code): an episode of its own."""
        watch = self._watch or self._new_watch(promised_size(self._outlook.camera), at)
        self._watch, changes = decide(watch, at, self._guard.missed(reason))
        return tuple(Sighting(change, model=self._models.mark) for change in changes)

    def interrupt(self, at: Instant, reason: str) -> tuple[Sighting, ...]:
        """Looking ends: what is open closes with this reason, without a still."""
        if self._watch is None:
            return ()
        self._watch, changes = interrupt(self._watch, at, reason)
        return tuple(Sighting(change, model=self._models.mark) for change in changes)

    def rest(self, at: Instant, reason: str) -> tuple[Sighting, ...]:
        """Looking pauses: what is open closes, and no picture is held."""
        self._album, self._last = Album(), None
        return self.interrupt(at, reason)

    def looks(self) -> Looks | None:
        """What the detector said since this was last asked; None when nothing was looked at."""
        looked, self._looked = self._looked, []
        if self._watch is None or not looked:
            return None
        return Looks(self._outlook.camera.id, self._watch.settings.size, tuple(looked))

    def coverage(self) -> RuleCoverage:
        """What the rules could know since this was last asked."""
        if self._watch is None:
            return RuleCoverage()
        self._watch, counted = harvest(self._watch)
        return counted

    def walks(self) -> tuple[Walk, ...]:
        """Who walked by since this was last asked."""
        told = tuple(self._walks)
        self._walks.clear()
        return told

    def _follow(self, watch: Watch, frame: Frame) -> None:
        camera, trails = self._outlook.camera.id, watch.tracker.trails
        self._walkers, ended = follow(self._walkers, trails, frame.at, camera, frame.size)
        self._walks.extend(ended)

    def _new_watch(self, size: Size, at: Instant) -> Watch:
        outlook = self._outlook
        return new_watch(
            WatchSettings(
                site=outlook.site,
                camera=outlook.camera.id,
                size=size,
                main_scale=self._main_scale(size, at),
                rules=outlook.rules,
                calibration=outlook.calibration,
                view=outlook.view,
                zone=ZoneInfo(outlook.zone),
            )
        )

    def _main_scale(self, size: Size, at: Instant) -> float:
        """Main pixels per pixel of the frame; 1 (no head seems larger than it is) until known."""
        if self._key_picture is None:
            return 1.0
        if self._outlook.camera.main.width:
            return self._outlook.camera.main.width / size.width
        key = self._key_picture(at.mono - _KEY_AGE)
        return key.size.width / size.width if key else 1.0

    def _key(self, frame: Frame, age: float) -> Frame | None:
        return self._key_picture(frame.at.mono - age) if self._key_picture else frame

    def _read_masks(self, watch: Watch, frame: Frame) -> Watch:
        """Read the heads that are due, where they were when the key frame was taken; nothing is
        decoded where none is due.
        """
        asked = self._outlook.rules.mask.enabled and heads_due(watch, frame.at)
        if not asked or not self._courtesy.allows(frame.at.mono):
            return watch
        key = self._key(frame, _KEY_AGE)
        due = heads_due(watch, key.at) if key else ()
        if key is None or not due:
            return watch
        sx, sy = key.size.width / frame.size.width, key.size.height / frame.size.height
        readings = {
            request.track: self._models.read_mask(key.image, request.head.scaled(sx, sy))
            for request in due
        }
        self.readings.note(readings, {track.id for track in tracks(watch)})
        return read_heads(watch, key.at, readings)

    def _sighting(self, change: EpisodeChange, frame: Frame) -> Sighting:
        """The change with its pictures: opened as it is now, and before; closed as it is after;
        both at the worst so far, which is the small picture of the closed one.
        """
        still, worst = self._still(change, frame), self._album.worst(change.episode)
        kept = {Shot.WORST: worst}
        if change.phase is Phase.OPENED:
            kept[Shot.BEFORE] = self._album.before(change.t0)
        shots = {shot: self._moment(change, one, shot) for shot, one in kept.items() if one}
        small = shots.get(Shot.WORST, still) if change.phase is Phase.CLOSED else still
        pictures = {name.value: shot.picture for name, shot in shots.items()}
        return Sighting(change, still.picture, small.thumbnail, self._models.mark, pictures)

    def _moment(self, change: EpisodeChange, moment: Moment, shot: Shot) -> Still:
        taken = Frame(change.camera, moment.at, moment.image())
        return self._picture(change, taken, moment.divided(change.tracks), shot)

    def _still(self, change: EpisodeChange, frame: Frame) -> Still:
        """From the main stream where a fresh key frame shows all who are in the event, else from
        the frame. Both are searched for people anew: who moved must not escape the blur.
        """
        seen = [track for track in self.tracks if track.state is not TrackState.LOST]
        people = [track.box for track in seen if track.id in change.tracks]
        key = self._key(frame, _STILL_AGE) if self._key_picture else None
        for picture in [key, frame] if key else [frame]:
            there, here = picture.size, frame.size
            sx, sy = there.width / here.width, there.height / here.height
            inside, others = divide(
                [box.scaled(sx, sy) for box in people], self._seen.boxes(picture)
            )
            if len(inside) == len(people):
                break
        shot = Shot.NOW if change.phase is Phase.OPENED else Shot.AFTER
        return self._picture(change, picture, (inside, others), shot)

    def _picture(
        self, change: EpisodeChange, taken: Frame, people: tuple[list[Box], list[Box]], shot: Shot
    ) -> Still:
        caption = caption_of(change, self._outlook.camera, taken.at.wall, self._outlook.zone, shot)
        plane = self._watch.tracker.plane if self._watch else None
        written = legends(change, shot, people[0], plane, taken.size)
        return make_still(taken.image, *people, caption, written)
