"""Commands: what an officer at the center asks of a site, and what the site answers.

A closed list of actions and no shell: whoever holds the center's key can ask for these and nothing
else, and each site has the last word on every one (docs/commands.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What may be asked."""

    PING = "ping"
    RESYNC = "resync"
    SNAPSHOT = "snapshot"
    CLIP = "clip"
    HOLD = "hold"
    CONFIG_PROPOSE = "config_propose"
    LIVE_START = "live_start"
    LIVE_STOP = "live_stop"
    VERDICT = "verdict"


class Role(StrEnum):
    """In what capacity somebody asks; the site's policy says what each role may."""

    DUTY = "duty"
    HEALTH = "health"
    ADMIN = "admin"


class Refusal(StrEnum):
    """Why a command is not carried out."""

    SIGNATURE = "signature"  # not signed by the key that it names, or not readable as signed
    UNKNOWN_KEY = "unknown_key"  # the site trusts no key of this name
    EXPIRED = "expired"
    NOT_YET = "not_yet"  # issued in the future: one of the two clocks is wrong
    CLOCK = "clock"  # the site cannot tell the time: sign again with the challenge
    REPLAY = "replay"  # seen before
    SITE = "site"  # meant for another site
    ACTION = "action"  # no such action
    ROLE = "role"  # this role may not
    ARGUMENTS = "arguments"
    CAMERA = "camera"  # no such camera
    QUOTA = "quota"  # asked too often, or more than today's budget
    POLICY = "policy"  # the site allows no commands, or not this one


class Answer(StrEnum):
    """What became of a command; `accepted` and `progress` are followed by one of the others."""

    ACCEPTED = "accepted"
    PROGRESS = "progress"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Command:
    """One request, as it was signed. `issued` and `expires` are UTC, at most a minute apart;
    `nonce` makes it work once; `challenge` is what a site without a clock asked for.
    """

    id: str
    site: str
    camera: str
    action: Action
    arguments: Mapping[str, Any]
    user: str
    role: Role
    issued: datetime
    expires: datetime
    nonce: str
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a site answers; `reason` is a `Refusal` or the code of a trouble, else empty."""

    request: str
    state: Answer
    reason: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether nothing more will be said about this request."""
        return self.state in {Answer.DONE, Answer.REFUSED, Answer.FAILED}
