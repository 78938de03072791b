"""What an officer hands to a technician: the slip as text and as a QR for the screen or paper."""

from __future__ import annotations

import io

import segno

from edge_agent.link.enrol.keys import short
from edge_agent.link.enrol.slip import Slip


def printed(slip: Slip, ticket: int, until: str) -> str:
    """The whole slip for a terminal; `until` is the end of the code in the officer's own time."""
    drawn = io.StringIO()
    segno.make(slip.text(), error="m").terminal(out=drawn, compact=True, border=2)
    return f"""{drawn.getvalue()}
Phiếu đăng ký / enrolment slip {ticket}
  cơ sở / site:          {slip.site}
  trung tâm / center:    {slip.center}
  mã một lần / code:     {slip.shown_code()}   (đến / until {until})
  CA SHA-256:            {slip.authority}
                         {short(slip.authority)}…

Trên máy của cơ sở / on the box:
  sudo -u edge-agent edge-agent enroll --config /etc/edge-agent/site.yaml
và quét hoặc gõ dòng này / and scan or type this line:
{slip.text()}
"""
