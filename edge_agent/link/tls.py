"""TLS towards the broker: verified, 1.2 or newer, with the site's certificate if it has one."""

from __future__ import annotations

import ssl

from edge_agent.config.schema import BrokerLine
from edge_agent.link import troubles


class LineContext(ssl.SSLContext):
    """The TLS of one connection. `refusal` is the alert by which the broker turned our certificate
    away, if it did: in TLS 1.3 that comes after the handshake, where paho sees a lost line only.
    """

    refusal = ""


class _Handshake(ssl.SSLSocket):
    """Closed when the handshake fails: paho lets go of such a socket without closing it."""

    context: LineContext

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except ssl.SSLError as error:
            if "ALERT" in (error.reason or ""):
                self.context.refusal = error.reason
            raise

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(settings: BrokerLine) -> LineContext:
    """The context for `mqtts`; without `ca` the system's authorities count.

    Raises Trouble `link.files` when a PEM file is missing, unreadable or does not fit its key.
    """
    try:
        context = LineContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies, and checks the host's name
        if settings.ca:
            context.load_verify_locations(settings.ca)
        else:
            context.load_default_certs()
        if settings.certificate:
            context.load_cert_chain(settings.certificate, settings.key)
    except (ssl.SSLError, OSError) as error:
        raise troubles.files(error.strerror or str(error)) from error
    context.sslsocket_class = _Handshake
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
