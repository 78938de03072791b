"""The verb of this room: find the cameras, and say of each one that is missing why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from threading import Condition, Thread

from edge_agent.camera import troubles
from edge_agent.camera.addresses import host_of, normal_mac
from edge_agent.camera.discovery import Found, discover, interfaces, present, resolved
from edge_agent.camera.onboarding import onboard
from edge_agent.camera.onvif import Description, NoStreamError, OnvifCamera, SoapCamera
from edge_agent.camera.soap import (
    FaultError,
    NoAnswerError,
    NotOnvifError,
    OnvifError,
    RefusedError,
)
from edge_agent.config.schema import CameraEntry, Discovery
from edge_agent.core.media import Camera
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log

CredentialOf = Callable[[str], Credential | None]
Connect = Callable[[Found, Clock], OnvifCamera]
DESCRIBE_WITHIN = 20.0  # seconds for all devices together; each question has its own timeout

TOLD_LASTS = 300.0  # seconds that a description is believed while the device still announces itself
_MAX_REFUSED = 1000


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search brought: cameras to record, troubles for people, and known cameras that are
    `replaced`: not to be recorded, but to be kept and handed in as known next time.
    """

    cameras: tuple[Camera, ...]
    troubles: tuple[Trouble, ...]
    replaced: tuple[Camera, ...] = ()


@dataclass(slots=True)
class Memory:
    """What one search must know of the last ones: which credentials a device `refused` (they are
    not offered again: it would lock us out), which devices are still `busy` answering, what a
    device `told` a while ago (it is not asked every minute), and whose address was taken.
    """

    refused: dict[tuple[str, str, Credential], RefusedError] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    told: dict[tuple[Found, str], tuple[Description, Instant]] = field(default_factory=dict)
    replaced: tuple[Camera, ...] = ()


_PROCESS = Memory()  # of this process: whoever searches, a refused password stays refused


def find_cameras(
    config: Discovery,
    entries: Sequence[CameraEntry],
    credential_of: CredentialOf,
    known: Sequence[Camera],
    clock: Clock,
    *,
    memory: Memory = _PROCESS,
    connect: Connect = SoapCamera,
) -> Findings:
    """Search once: discover, ask every device in its own thread, match with entries and with the
    cameras known so far. Takes `config.wait` and at most DESCRIBE_WITHIN seconds more; raises
    nothing for what devices or the network do.
    """
    began = clock.now()
    found = discover(config, clock) if config.enabled else ()
    network = _network_troubles(config, found, entries) if config.enabled else []
    told = ask_and_onboard(
        found, config, entries, credential_of, known, clock, memory=memory, connect=connect
    )
    findings = replace(told, troubles=(*network, *told.troubles))
    log.info(
        "cameras.searched",
        found=len(found),
        cameras=len(findings.cameras),
        troubles=[trouble.code for trouble in findings.troubles],
        seconds=round(clock.now().since(began), 2),
    )
    return findings


def ask_and_onboard(
    found: Sequence[Found],
    config: Discovery,
    entries: Sequence[CameraEntry],
    credential_of: CredentialOf,
    known: Sequence[Camera],
    clock: Clock,
    *,
    memory: Memory = _PROCESS,
    connect: Connect = SoapCamera,
) -> Findings:
    """The part of a search after discovery: what the devices found say, matched and named."""
    now_known = {camera.id for camera in known}
    known = [*known, *(one for one in memory.replaced if one.id not in now_known)]
    questions = [_Question(one, _credential_name(one, entries, known)) for one in found]
    _ask_all(questions, credential_of, clock, memory, connect)
    described = [one.answer for one in questions if isinstance(one.answer, Description)]
    unanswered = [one.found for one in questions if not isinstance(one.answer, Description)]
    result = onboard(
        described,
        entries,
        adopt=config.adopt,
        known=known,
        unanswered=unanswered,
        looked=config.enabled,
    )
    memory.replaced = result.replaced
    memory.told = {key: told for key, told in list(memory.told.items()) if key[0] in found}
    said = (
        *(trouble for one in questions if (trouble := one.trouble())),
        *(troubles.clock_wrong(one.host, one.clock_offset) for one in described if _is_off(one)),
        *result.troubles,
    )
    return Findings(result.cameras, said, result.replaced)


# ------------------------------------------------------------------------------ asking
@dataclass(slots=True)
class _Question:
    """One device that is asked, and what came of it (NoAnswerError until something has)."""

    found: Found
    credential: str
    answer: Description | OnvifError = field(default_factory=lambda: NoAnswerError("in time"))
    has_credential: bool = False
    done: bool = False

    @property
    def where(self) -> str:
        return host_of(self.found.xaddrs[0])

    def trouble(self) -> Trouble | None:
        """The one reason why this device is not described; None if it is, or is no camera."""
        match self.answer:
            case RefusedError(left=left, clock_offset=offset) if self.has_credential:
                return troubles.password_refused(self.where, self.credential, left, offset)
            case RefusedError():
                return troubles.no_credential(self.where, self.credential)
            case NoStreamError() | FaultError():
                return troubles.no_stream(self.where)
            case NotOnvifError() if self.found.is_camera:
                return troubles.no_onvif(self.where)
            case NoAnswerError():
                return troubles.no_answer(self.where)
            case OnvifError():
                log.debug("camera.not_a_camera", host=self.where, epr=self.found.epr)
        return None


def _ask_all(
    questions: Sequence[_Question],
    credential_of: CredentialOf,
    clock: Clock,
    memory: Memory,
    connect: Connect,
) -> None:
    """Ask in parallel; who is not done in time is left to its thread and reported silent."""
    changed = Condition()

    def ask(question: _Question, credential: Credential | None) -> None:
        answer: Description | OnvifError = question.answer
        try:
            answer = _describe(question, credential, clock, memory, connect)
        finally:
            with changed:
                question.answer = question.answer if question.done else answer
                question.done = True
                memory.busy.discard(question.found.key)
                changed.notify_all()

    asked = [one for one in questions if one.found.key not in memory.busy]
    for question in asked:
        credential = credential_of(question.credential)
        question.has_credential = credential is not None
        memory.busy.add(question.found.key)
        Thread(target=ask, args=(question, credential), name="describe", daemon=True).start()
    began = clock.now()
    with changed:
        while not all(one.done for one in asked):
            left = DESCRIBE_WITHIN - clock.now().since(began)
            if left <= 0:
                break
            changed.wait(left)
        for question in asked:  # a late answer must not change what is reported
            question.done = True


def _describe(
    question: _Question,
    credential: Credential | None,
    clock: Clock,
    memory: Memory,
    connect: Connect,
) -> Description | OnvifError:
    found, name = question.found, question.credential
    if credential and (refused := memory.refused.get((found.key, name, credential))):
        return refused
    told, at = memory.told.get((found, name), (None, None))
    if told and at and found.epr and clock.now().since(at) < TOLD_LASTS:
        return told
    try:
        described = connect(found, clock).describe(credential)
    except OnvifError as error:
        if credential and isinstance(error, RefusedError):
            memory.refused[found.key, name, credential] = error
            if len(memory.refused) > _MAX_REFUSED:  # a flood of made-up devices: forget the oldest
                memory.refused.pop(next(iter(memory.refused)))
        return error
    described = replace(described, credential=name)
    memory.told[found, name] = described, clock.now()
    return described


def _credential_name(found: Found, entries: Iterable[CameraEntry], known: Iterable[Camera]) -> str:
    """Which credential to offer, before the device has said who it is: that of the entry or known
    camera it looks like by EPR, address, or a MAC inside its EPR.
    """
    hosts = {found.source, *map(host_of, found.xaddrs)}
    for entry in entries:
        match = entry.match
        mac = normal_mac(match.mac).replace(":", "") if match else ""
        if match and (
            (mac and mac in found.epr.lower())
            or (match.epr and match.epr == found.epr)
            or (match.host and host_of(match.host) in hosts)
        ):
            return entry.credential
    for camera in known:
        if (found.epr and camera.identity.epr == found.epr) or camera.host in hosts:
            return camera.credential
    names = {entry.credential for entry in entries if entry.match and entry.enabled}
    return names.pop() if len(names) == 1 else "default"


# ------------------------------------------------------------------------------ reasons
def _is_off(one: Description) -> bool:
    return abs(one.clock_offset) >= troubles.CLOCK_TOLERANCE


def _network_troubles(
    config: Discovery, found: Sequence[Found], entries: Sequence[CameraEntry]
) -> list[Trouble]:
    """What is wrong before any camera is: interfaces that are not there, listed hosts without an
    answer, nobody at all.
    """
    used = interfaces(config.interfaces)
    missing = set(config.interfaces) - {one.name for one in used}
    names = ", ".join(present()) or "-"
    said = [troubles.interface_unknown(name, names) for name in sorted(missing)]
    answered = {one.source for one in found}
    silent = [host for host in config.hosts if (resolved(host) or ("",))[0] not in answered]
    said += [troubles.no_answer(host) for host in silent]
    by_hand_only = bool(entries) and all(entry.rtsp for entry in entries)
    if not found and not by_hand_only:
        places = [f"{one.name} {one.address}" for one in used] + list(config.hosts)
        said.append(troubles.none_found(", ".join(places) or "-"))
    return said
