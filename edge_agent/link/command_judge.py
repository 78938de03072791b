"""Whether a site carries out a command: the order of questions is the law (pure).

    signed by a key of ours? → for this site? → in time? → may this role? → does the camera exist? →
    are the arguments in bounds? → is there quota left? → was it seen before?

Everything up to the signature is hearsay: only a command that passed it is answered at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from edge_agent.core.command import Action, Command, Refusal, Role
from edge_agent.link.command_arguments import needs_camera, read_arguments
from edge_agent.link.command_wire import LONGEST_LIFE

SKEW = timedelta(seconds=10)  # how far the center's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class Policy:
    """What a site allows: roles per action, how often an hour, seconds a clip may have."""

    allow: Mapping[Action, frozenset[Role]]
    per_hour: Mapping[Action, int]
    clip_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What a site knows when it judges: its name and cameras, the time and whether it can be
    believed, the challenges it gave out, how often each action was carried out in the last hour.
    """

    site: str
    cameras: Collection[str]
    now: datetime
    clock_trusted: bool
    challenges: Collection[str] = ()
    used: Mapping[Action, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A refusal in one word and in detail, or the arguments as read."""

    refusal: Refusal | None
    detail: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


def judge(command: Command, standing: Standing, policy: Policy) -> Verdict:
    """Every question but the signature's and the nonce's."""
    if command.site != standing.site:
        return Verdict(Refusal.SITE, command.site)
    if (late := timely(command, standing)) is not None:
        return Verdict(late)
    if command.role not in policy.allow.get(command.action, frozenset()):
        return Verdict(Refusal.ROLE, command.role)
    if needs_camera(command.action) and command.camera not in standing.cameras:
        return Verdict(Refusal.CAMERA, command.camera)
    try:
        arguments = read_arguments(command.action, command.arguments)
    except ValueError as error:
        return Verdict(Refusal.ARGUMENTS, str(error))
    return _within(command, arguments, standing, policy)


def timely(command: Command, standing: Standing) -> Refusal | None:
    """A command lives for a minute; where the clock tells nothing, only for its challenge."""
    if command.challenge:
        return None if command.challenge in standing.challenges else Refusal.REPLAY
    if not standing.clock_trusted:
        return Refusal.CLOCK
    if not timedelta(0) < command.expires - command.issued <= LONGEST_LIFE:
        return Refusal.ARGUMENTS
    if standing.now > command.expires + SKEW:
        return Refusal.EXPIRED
    return Refusal.NOT_YET if standing.now < command.issued - SKEW else None


def _within(
    command: Command, arguments: Mapping[str, Any], standing: Standing, policy: Policy
) -> Verdict:
    limit = policy.per_hour.get(command.action)
    if limit is not None and standing.used.get(command.action, 0) >= limit:
        return Verdict(Refusal.QUOTA, f"{limit} / h")
    if command.action is Action.CLIP:
        seconds = (arguments["to"] - arguments["from"]).total_seconds()
        if seconds > policy.clip_seconds:
            return Verdict(Refusal.QUOTA, f"{seconds:.0f} s > {policy.clip_seconds:.0f} s")
    return Verdict(None, "", arguments)
