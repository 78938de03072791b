"""Who may stand in a certificate. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address

from edge_agent.center.authority import troubles

# No site can ever have this name, as an id does not begin with a dot; deploy/center/acl knows it.
CENTER = ".center"

_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*", re.ASCII
)
_RESERVED = {"state"}  # qcam/v1/center/state is read by every site


def checked_site(text: str) -> str:
    """The id, if it may be a site's. Raises Trouble `authority.name`."""
    if text in _RESERVED:
        raise troubles.name(text, "tên dành riêng / reserved")
    if not _SITE.fullmatch(text):
        raise troubles.name(text, "sai dạng / wrong form")
    return text


def checked_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """Host names in lower case and addresses as they are. Raises Trouble `authority.host`."""
    return tuple(dict.fromkeys(_host(one) for one in hosts))


def _host(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        low = text.strip().lower().removesuffix(".")
        if not _HOST.fullmatch(low):
            raise troubles.host(text) from None
        return low
