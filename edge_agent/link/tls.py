"""TLS towards the broker: verified, 1.2 or newer, with the site's certificate if it has one."""

from __future__ import annotations

import ssl

from edge_agent.config.schema import BrokerLine
from edge_agent.link import troubles


class _Handshake(ssl.SSLSocket):
    """Closed when the handshake fails: paho lets go of such a socket without closing it."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(settings: BrokerLine) -> ssl.SSLContext:
    """The context for `mqtts`; without `ca` the system's authorities count.

    Raises Trouble `link.files` when a PEM file is missing, unreadable or does not fit its key.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca)
        if settings.certificate:
            context.load_cert_chain(settings.certificate, settings.key)
    except (ssl.SSLError, OSError) as error:
        raise troubles.files(error.strerror or str(error)) from error
    context.sslsocket_class = _Handshake
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
