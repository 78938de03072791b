"""Pictures and clips on their way to the center: in parts, resumed where they stopped.

The form is the IETF's "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload): HEAD
tells `Upload-Offset`, PATCH with `application/partial-upload` appends, `Upload-Complete: ?1` ends;
the whole is named by `Repr-Digest` (RFC 9530). The token of the signed command opens one upload
and no other.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import BinaryIO

import requests

from edge_agent.config.schema import Mqtt
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.runtime.supervisor import Backoff

PART = 256 * 1024
_PATIENCE = (10.0, 60.0)  # seconds to connect, seconds for an answer
_AGAIN = Backoff(first=1.0, ceiling=60.0)
_GIVE_UP = 3600.0  # seconds without one part accepted
_LOOK_AGAIN = 0.5  # seconds until what is more urgent is asked again
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Destination:
    """One upload at the center (`url`: its https address) and the token that opens it. `settings`
    has the PEM files by which the center is believed.
    """

    url: str
    request: str
    settings: Mqtt
    token: str = field(repr=False)

    def session(self) -> requests.Session:
        """A line to the center, by the site's own certificate where it has one."""
        session = requests.Session()
        session.trust_env = False  # no proxy sees a picture, no .netrc is read
        session.verify = str(self.settings.ca) if self.settings.ca else True
        if self.settings.certificate and self.settings.key:
            session.cert = (str(self.settings.certificate), str(self.settings.key))
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session

    @property
    def address(self) -> str:
        """The upload's own address."""
        return f"{self.url}/uploads/{self.request}"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the center has now: bytes, and their SHA-256 in hex."""

    size: int
    sha256: str


class Uploader:
    """Sends one file after another. `rate` bytes a second at most; `busy` says that something more
    urgent waits: then no part is begun. `sent` is told of every part's bytes.
    """

    def __init__(
        self, rate: int, busy: Callable[[], bool], sent: Callable[[int], None], clock: Clock
    ) -> None:
        self._rate, self._busy, self._sent, self._clock = rate, busy, sent, clock

    def send(self, file: BinaryIO, to: Destination, stop: Event) -> Uploaded:
        """Upload what is in a file; lines that break are tried again from where the center stands.

        Raises Trouble: `upload.refused`, `upload.given_up`, `upload.stopped`.
        """
        whole = _digest(file)
        tries, moved = 0, self._clock.now()
        with to.session() as session:
            while not stop.is_set():
                try:
                    offset = standing(session, to)
                    while offset < whole.size and self._clear(stop):
                        offset = self._part(session, to, file, offset, whole)
                        moved, tries = self._clock.now(), 0
                        stop.wait(PART / self._rate)
                    if offset >= whole.size:
                        return whole
                except requests.RequestException as error:
                    tries += 1
                    log.info("upload.broken", request=to.request, error=type(error).__name__)
                if self._clock.now().since(moved) > _GIVE_UP:
                    raise _given_up(to)
                stop.wait(_AGAIN.delay(tries, 0.5))
        raise _stopped(to)

    def _clear(self, stop: Event) -> bool:
        """Wait until nothing more urgent waits; False when told to stop."""
        while self._busy() and not stop.is_set():
            stop.wait(_LOOK_AGAIN)
        return not stop.is_set()

    def _part(
        self, session: requests.Session, to: Destination, file: BinaryIO, offset: int, of: Uploaded
    ) -> int:
        file.seek(offset)
        data = file.read(PART)
        last = offset + len(data) >= of.size
        after = append(session, to, offset, data, of if last else None)
        self._sent(max(0, after - offset))
        return after


def standing(session: requests.Session, to: Destination) -> int:
    """How many bytes the center has. Raises Trouble, requests.RequestException."""
    answer = session.head(to.address, timeout=_PATIENCE, allow_redirects=False)
    _admitted(answer, to)
    return int(answer.headers.get("Upload-Offset", "0"))


def append(
    session: requests.Session, to: Destination, offset: int, data: bytes, of: Uploaded | None
) -> int:
    """Append bytes at `offset`; with `of` they are the last, and the center compares the whole.

    Returns how many bytes the center has then. Raises Trouble, requests.RequestException.
    """
    headers = {
        "Content-Type": "application/partial-upload",
        "Upload-Offset": str(offset),
        "Upload-Complete": "?1" if of else "?0",
    }
    if of:
        digest = base64.b64encode(bytes.fromhex(of.sha256)).decode()
        headers["Repr-Digest"] = f"sha-256=:{digest}:"
    answer = session.patch(
        to.address, data=data, headers=headers, timeout=_PATIENCE, allow_redirects=False
    )
    if answer.status_code != _CONFLICT:  # another offset: the center says which
        _admitted(answer, to)
    return int(answer.headers.get("Upload-Offset", str(offset)))


def _digest(file: BinaryIO) -> Uploaded:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(PART):
        digest.update(piece)
    return Uploaded(file.tell(), digest.hexdigest())


def _admitted(answer: requests.Response, to: Destination) -> None:
    """Raises Trouble for a no that stays a no; a broken server is a broken line."""
    if answer.status_code >= 500:
        raise requests.ConnectionError(str(answer.status_code))
    if not answer.ok:
        raise Trouble(
            "upload.refused",
            f"Trung tâm không nhận tệp của yêu cầu {to.request} (HTTP {answer.status_code}). "
            "Yêu cầu lại từ trung tâm.",
            f"The center does not take the file of request {to.request} (HTTP "
            f"{answer.status_code}). Ask again from the center.",
        )


def _given_up(to: Destination) -> Trouble:
    return Trouble(
        "upload.given_up",
        f"Không gửi được tệp của yêu cầu {to.request} tới {to.url} trong một giờ. Kiểm tra đường "
        "truyền rồi yêu cầu lại.",
        f"The file of request {to.request} could not be sent to {to.url} for an hour. Check the "
        "line and ask again.",
    )


def _stopped(to: Destination) -> Trouble:
    return Trouble(
        "upload.stopped",
        f"Ngừng gửi tệp của yêu cầu {to.request}: chương trình đang dừng.",
        f"Sending the file of request {to.request} ended: the program is stopping.",
    )
