"""The technician's slip: everything a box must know to enrol, as one line of text (and a QR). Pure.

`QCAM1/CENTER.EXAMPLE:8443/KHU-A/7K3M9QXA…/<SHA-256 of the authority, hex>/<check>`: capitals, so
that a QR needs the fewest dots; the check finds a mistyped character before anything is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from edge_agent.link.enrol import troubles

# Crockford's base 32: no I, L, O, U; what is mistyped most is read as what was meant
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16  # 80 bits
DEFAULT_PORT = 8443

_MISREAD = str.maketrans("OIL", "011", "- ")
_FORM = "QCAM1"
_HOST = re.compile(r"([a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\]):([1-9]\d{0,4})", re.ASCII)
_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Slip:
    """`center` is host:port of the HTTPS server, `code` works once, `authority` is SHA-256 (hex) of
    the certificate that the center must prove to descend from.
    """

    center: str
    site: str
    code: str
    authority: str

    def text(self) -> str:
        """The line that is printed and put into the QR."""
        said = "/".join((_FORM, self.center, self.site, self.code, self.authority)).upper()
        return f"{said}/{_check(said)}"

    def shown_code(self) -> str:
        """The code as people read it: in fours."""
        return "-".join(self.code[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def read_slip(text: str) -> Slip:
    """The slip in this text, however it was typed. Raises Trouble `enrol.slip`."""
    parts = "".join(text.split()).upper().split("/")
    if len(parts) != 6 or parts[0] != _FORM:
        raise troubles.slip(
            f"phải bắt đầu bằng {_FORM}/ và có 6 phần", f"it must begin with {_FORM}/, six parts"
        )
    parts[3] = normal_code(parts[3])
    if normal_code(parts[5]) != _check("/".join(parts[:5])):
        raise troubles.slip("gõ sai ít nhất một ký tự", "at least one character is mistyped")
    return checked_slip(parts[1], parts[2], parts[3], parts[4])


def checked_slip(center: str, site: str, code: str, authority: str) -> Slip:
    """A slip of its parts. Raises Trouble `enrol.slip` naming the part that is wrong."""
    slip = Slip(center.lower(), site.lower(), normal_code(code), authority.lower().replace(":", ""))
    host = _HOST.fullmatch(slip.center)
    if not host or int(host[2]) > 65535:
        raise troubles.slip("máy chủ phải là máy:cổng", "the center must be host:port")
    if not _SITE.fullmatch(slip.site):
        raise troubles.slip("mã cơ sở sai dạng", "the site's id has a wrong form")
    if not _CODE.fullmatch(slip.code):
        raise troubles.slip(f"mã phải có {CODE_LENGTH} ký tự", f"the code has {CODE_LENGTH}")
    if not _DIGEST.fullmatch(slip.authority):
        raise troubles.slip("dấu vân tay CA phải có 64 số hex", "the CA's SHA-256 has 64 digits")
    return slip


def normal_code(text: str) -> str:
    """A code as it is compared: capitals, no hyphens, O read as 0, I and L as 1."""
    return text.upper().translate(_MISREAD)


def host_and_port(center: str) -> tuple[str, int]:
    """Of `host:port`; the brackets of an IPv6 address are taken off."""
    host, _, port = center.rpartition(":")
    return host.strip("[]"), int(port)


def center_of(url: str) -> str:
    """`host:port` of an https URL; 8443 where it names no port."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or DEFAULT_PORT}"


def _check(said: str) -> str:
    number = int.from_bytes(sha256(said.encode()).digest()[:3])
    return "".join(ALPHABET[number >> shift & 31] for shift in (19, 14, 9, 4))
