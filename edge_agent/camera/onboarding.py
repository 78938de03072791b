"""From devices that were found to the cameras of this house: names that stay. Pure.

A camera is its identity (MAC, else serial, else EPR), not its address: a known identity at a new
address keeps its name, another identity at an old address never inherits one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from edge_agent.camera import troubles
from edge_agent.camera.addresses import host_of
from edge_agent.camera.discovery import Found
from edge_agent.camera.identity import (
    adopted_id,
    by_address_only,
    completed,
    digest,
    recognises,
    same,
    strongest,
    unique,
)
from edge_agent.camera.onvif import Description
from edge_agent.camera.profiles import by_source, choose
from edge_agent.config.schema import CameraEntry, Match
from edge_agent.core.media import Camera, Identity, Stream
from edge_agent.core.trouble import Trouble

_NO_MATCH = Match()


@dataclass(frozen=True, slots=True)
class Onboarding:
    """`cameras` to record now; `replaced` are known ones whose address another device has taken:
    not to be recorded, but to be handed in as known again, or the stranger would inherit the name.
    """

    cameras: tuple[Camera, ...]
    replaced: tuple[Camera, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def onboard(
    described: Iterable[Description],
    entries: Sequence[CameraEntry],
    *,
    adopt: bool,
    known: Sequence[Camera] = (),
    unanswered: Sequence[Found] = (),
    looked: bool = True,
) -> Onboarding:
    """The inventory: entries in their order, then adopted cameras by id, then known ones that did
    not answer now. `unanswered` are devices that were found but told nothing; where nobody
    `looked`, a known camera is not missing.
    """
    plan = _Plan(unique(described), entries, known, unanswered, looked)
    for entry in entries:
        plan.take_entry(entry)
    if adopt:
        plan.adopt_rest()
    plan.keep_missing(adopt)
    return Onboarding(tuple(plan.cameras), tuple(plan.replaced), tuple(plan.troubles))


class _Plan:
    """One pass of onboarding; what is taken is taken once."""

    def __init__(
        self,
        found: list[Description],
        entries: Sequence[CameraEntry],
        known: Sequence[Camera],
        unanswered: Sequence[Found],
        looked: bool,
    ) -> None:
        self.cameras: list[Camera] = []
        self.replaced: list[Camera] = []
        self.troubles: list[Trouble] = []
        self._entries = {entry.id: entry for entry in entries}
        self._found = found
        self._free = list(found)
        self._named: list[tuple[Description, str]] = []
        self._known = known
        self._unanswered = unanswered
        self._looked = looked

    # ------------------------------------------------------------------ what entries expect
    def take_entry(self, entry: CameraEntry) -> None:
        """The entry's camera, if it is among those found; a disabled entry's is put aside."""
        device = self._device_of(entry)
        if device:
            self._free.remove(device)
        if not entry.enabled:
            return
        if entry.rtsp:
            self.cameras.append(_by_hand(entry, device))
        elif device:
            self._place(device, entry.id, entry)
        elif not self._explained(entry):
            self.troubles.append(
                troubles.not_found(entry.id, _mark(entry.match))
                if entry.match or self._known_as(entry.id)
                else troubles.nothing_to_match(entry.id)
            )

    def _device_of(self, entry: CameraEntry) -> Description | None:
        known = self._known_as(entry.id)
        return next((one for one in self._free if _means(entry, one, known)), None)

    def _explained(self, entry: CameraEntry) -> bool:
        """One reason per camera: its address was taken, or it answered but would not talk, and
        that is said elsewhere.
        """
        match, known = entry.match or _NO_MATCH, self._known_as(entry.id)
        if known and (not self._looked or self._stranger_at(known)):
            return True
        eprs = {match.epr, known.identity.epr if known else ""} - {""}
        hosts = {host_of(match.host), known.host if known else ""} - {""}
        return any(
            found.epr in eprs or hosts & {found.source, *map(host_of, found.xaddrs)}
            for found in self._unanswered
        )

    def _known_as(self, name: str) -> Camera | None:
        return next((camera for camera in self._known if camera.id == name), None)

    # ------------------------------------------------------------------ what was found besides
    def adopt_rest(self) -> None:
        """Every device that no entry meant gets the name it had, or one made of its identity."""
        taken = {camera.id for camera in self.cameras} | set(self._entries)
        owners: dict[str, Description] = {}
        for device in self._free:
            earlier = self._known_like(device)
            name = earlier.id if earlier else adopted_id(device.identity, device.host)
            if name in self._entries:
                name = adopted_id(device.identity, device.host)
            if name in owners:
                name, twin = f"{name}-{digest(device.host)}", owners[name]
                self.troubles.append(troubles.clone(name, device.host, twin.host))
            elif name in taken:
                name = f"{name}-{digest(device.host)}"
            owners[name] = device
        for name in sorted(owners):
            self._place(owners[name], name, None)

    def _place(self, device: Description, base: str, entry: CameraEntry | None) -> None:
        """The device's video sources as cameras `base`, `base-2`, …"""
        earlier = self._known_like(device)
        identity = completed(device.identity, earlier.identity if earlier else Identity())
        self._named.append((device, base))
        for name, profiles in zip(self._channels(base), by_source(device.profiles), strict=False):
            main, sub = choose(profiles)
            self.cameras.append(
                Camera(
                    id=name,
                    name=(entry.name if entry else "") or _words(device) or name,
                    place=entry.place if entry else "other",
                    host=device.host,
                    identity=identity,
                    main=main,
                    sub=sub,
                    credential=entry.credential if entry else device.credential,
                    make=device.make,
                    model=device.model,
                )
            )

    def _channels(self, base: str) -> Iterator[str]:
        yield base
        for number in count(2):
            if f"{base}-{number}" not in self._entries:
                yield f"{base}-{number}"

    def _known_like(self, device: Description) -> Camera | None:
        alike = [one for one in self._known if same(one.identity, device.identity)]
        return next((one for one in alike if one.host == device.host), next(iter(alike), None))

    # ------------------------------------------------------------------ what is not there now
    def keep_missing(self, adopt: bool) -> None:
        """Known cameras that did not answer stay, unless they are not wanted any more, have got
        another name, or a stranger sits at their address.
        """
        placed = {camera.id for camera in self.cameras}
        for camera in self._known:
            if camera.id in placed or not self._wanted(camera, adopt):
                continue
            names = [base for one, base in self._named if same(one.identity, camera.identity)]
            stranger = None if self._is_found(camera) else self._stranger_at(camera)
            if stranger:
                self._replace(camera, stranger)
            elif not self._is_found(camera) or any(_is_channel(camera.id, one) for one in names):
                self.cameras.append(camera)

    def _wanted(self, camera: Camera, adopt: bool) -> bool:
        owner = self._entries.get(camera.id) or next(
            (entry for entry in self._entries.values() if _is_channel(camera.id, entry.id)), None
        )
        return owner.enabled if owner else adopt

    def _is_found(self, camera: Camera) -> bool:
        return any(same(one.identity, camera.identity) for one in self._found)

    def _stranger_at(self, camera: Camera) -> Description | None:
        """The device at a missing camera's address that is certainly another one."""
        if self._is_found(camera):
            return None
        at_home = (one for one in self._found if one.host == camera.host)
        return next((one for one in at_home if same(one.identity, camera.identity) is False), None)

    def _replace(self, camera: Camera, stranger: Description) -> None:
        if not any(same(one.identity, camera.identity) for one in self.replaced):
            said = f"{_words(stranger)} {strongest(stranger.identity)}".strip()
            self.troubles.append(troubles.replaced(camera.id, camera.host, said))
        self.replaced.append(camera)


def _means(entry: CameraEntry, device: Description, known: Camera | None) -> bool:
    """Whether an entry means this device. An address alone does not make a device the camera that
    was known by the entry's name.
    """
    alike = same(known.identity, device.identity) if known else None
    if entry.match is None:
        return alike is True
    if by_address_only(entry.match) and alike is False:
        return False
    return recognises(entry.match, device.identity, device.host)


def _by_hand(entry: CameraEntry, device: Description | None) -> Camera:
    """A camera whose streams were typed; what it says of itself is only its make and identity."""
    assert entry.rtsp is not None
    return Camera(
        id=entry.id,
        name=entry.name or entry.id,
        place=entry.place,
        host=host_of(entry.rtsp.main),
        identity=device.identity if device else Identity(),
        main=Stream(entry.rtsp.main),
        sub=Stream(entry.rtsp.sub) if entry.rtsp.sub else None,
        credential=entry.credential,
        make=device.make if device else "",
        model=device.model if device else "",
    )


def _mark(match: Match | None) -> str:
    marks = match.model_dump() if match else {}
    return next((f"{name} {value}" for name, value in marks.items() if value), "match")


def _words(device: Description) -> str:
    return f"{device.make} {device.model}".strip()


def _is_channel(camera: str, base: str) -> bool:
    return camera == base or re.fullmatch(re.escape(base) + r"-\d{1,3}", camera) is not None
