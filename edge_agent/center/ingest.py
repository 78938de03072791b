"""The center's connection to the broker: messages come in, and are acknowledged by hand.

paho acknowledges by itself as soon as a message is read; here a PUBACK says "it is in the
database". All of it happens in one thread, in `pump`.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.config.schema import BrokerLine
from edge_agent.core.secret import Credential
from edge_agent.link import troubles
from edge_agent.link.address import broker_address
from edge_agent.link.publisher import Received, Will
from edge_agent.link.tls import tls_context

_ANSWER_SECONDS = 10.0
_LARGEST_PACKET = 16 * 1024 * 1024  # larger ones the broker keeps from us; ours allows 128 kB
_GOING_OUT = 2000


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message, and the packet id under which it is acknowledged (0: nothing to acknowledge)."""

    message: Received
    packet: int


class Line:
    """One MQTT v5 connection: clean start, no session, TLS verified.

    At most `window` messages are unacknowledged; `with_hands` False lets paho acknowledge at once.
    Used by one thread; a connection that has ended never comes back. Raises Trouble `link.…`
    wherever it finds itself cut.
    """

    def __init__(
        self,
        settings: BrokerLine,
        credential: Credential | None,
        *,
        will: Will | None = None,
        window: int = 200,
        with_hands: bool = True,
    ) -> None:
        self.address = broker_address(settings.url)
        self.arrived: list[Arrived] = []
        self._settings = settings
        self._window = window
        self._user = credential.user if credential else ""
        self._client = _client(settings, credential, with_hands=with_hands)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._came
        self._client.on_disconnect = self._disconnected
        if will:
            properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
            properties.ContentType = will.content_type
            self._client.will_set(will.topic, will.payload, 1, True, properties)
        self._admitted: ReasonCode | None = None
        self._granted: list[ReasonCode] = []
        self._ended: ReasonCode | None = None

    def open(self, filters: Sequence[str]) -> None:
        """Connect and subscribe (QoS 1); returns when the broker has granted every filter."""
        self._open_socket()
        self._await(lambda: self._admitted is not None)
        if self._admitted is not None and self._admitted.is_failure:
            raise troubles.not_admitted(
                str(self.address), self._user, self._admitted.value, str(self._admitted)
            )
        self._client.subscribe([(one, 1) for one in filters])
        self._await(lambda: len(self._granted) >= len(filters))
        for one, reason in zip(filters, self._granted, strict=False):
            if reason.is_failure:
                raise troubles.subscription_refused(one, str(reason))

    def pump(self, seconds: float) -> None:
        """Let the network have its turn, at most so long; what came is appended to `arrived`."""
        code = self._client.loop(seconds)
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS or self._ended is not None:
            raise troubles.lost(str(self.address), str(self._ended or code.name))

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """PUBACK: these messages are ours now."""
        for one in arrived:
            if one.packet:
                self._client.ack(one.packet, 1)

    def publish(
        self, topic: str, payload: bytes, content_type: str, *, retain: bool = False
    ) -> None:
        """Send (QoS 1). What is lost with the connection has to be said again on the next one."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = content_type
        self._client.publish(topic, payload, 1, retain, properties)

    def close(self, seconds: float = 1.0) -> None:
        """Say goodbye and let what is on its way out go."""
        with contextlib.suppress(OSError):
            for _ in range(max(1, int(seconds / 0.05))):
                if not self._client.want_write() or self._ended is not None:
                    break
                self._client.loop(0.05)
            self._client.disconnect()
            self._client.loop(0.05)

    def _open_socket(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = self._window
        properties.MaximumPacketSize = _LARGEST_PACKET
        where, keepalive = str(self.address), round(self._settings.keepalive)
        host, port = self.address.host, self.address.port
        try:
            self._client.connect(host, port, keepalive, clean_start=True, properties=properties)
        except ssl.SSLCertVerificationError as error:
            raise troubles.untrusted(where, error.verify_message) from error
        except ssl.SSLError as error:
            raise troubles.tls_failed(where, error.reason or str(error)) from error
        except OSError as error:
            raise troubles.unreachable(where, error) from error

    def _await(self, answered: Any) -> None:
        for _ in range(int(_ANSWER_SECONDS / 0.1)):
            if answered():
                return
            self.pump(0.1)
        raise troubles.no_answer(str(self.address))

    def _connected(
        self, _c: Client, _u: Any, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._admitted = reason

    def _subscribed(
        self, _c: Client, _u: Any, _m: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        self._granted.extend(reasons)

    def _came(self, _c: Client, _u: Any, message: MQTTMessage) -> None:
        properties = message.properties
        received = Received(
            message.topic,
            bytes(message.payload),
            str(getattr(properties, "ContentType", "")),
            message.qos,
            bool(message.retain),
            dict(getattr(properties, "UserProperty", ())),
        )
        self.arrived.append(Arrived(received, message.mid if message.qos else 0))

    def _disconnected(
        self, _c: Client, _u: Any, _f: DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if self._admitted is not None and not self._admitted.is_failure:
            self._ended = reason


def _client(settings: BrokerLine, credential: Credential | None, *, with_hands: bool) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id="",  # the broker gives a name: several processes share one certificate
        protocol=MQTTProtocolVersion.MQTTv5,
        reconnect_on_failure=False,
        manual_ack=with_hands,
    )
    client.connect_timeout = _ANSWER_SECONDS
    client.max_inflight_messages_set(_GOING_OUT)
    client.max_queued_messages_set(_GOING_OUT)
    if credential:
        client.username_pw_set(credential.user, credential.password)
    if broker_address(settings.url).tls:
        client.tls_set_context(tls_context(settings))
    return client
