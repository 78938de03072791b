"""MQTT v5 over paho: one object is one connection; whoever owns it connects anew.

paho's own queue and reconnect stay unused: its queue is memory, and its backoff has no jitter.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.config.schema import BrokerLine
from edge_agent.core.secret import Credential
from edge_agent.core.trouble import Trouble
from edge_agent.link import troubles
from edge_agent.link.address import Address, broker_address
from edge_agent.link.publisher import Outcome, Receipt, Received, Will
from edge_agent.link.receipts import Receipts, settled
from edge_agent.link.tls import tls_context

IN_FLIGHT = 20
_QUEUE = 2 * IN_FLIGHT + 8  # publications paho may hold; more are LOST at once and come again
_ANSWER_SECONDS = 10.0  # for TCP, TLS and CONNACK, each
_GOODBYE_SECONDS = 2.0
_OVERHEAD = 512  # topic, properties and header of a packet, at most
_WITH_WILL, _NO_SUBSCRIBERS, _TOO_LARGE = 0x04, 0x10, 0x95
_CALLBACKS = ("on_connect", "on_publish", "on_disconnect", "on_subscribe", "on_message")

T = TypeVar("T")


class MqttLink:
    """One MQTT v5 connection of a site: clean start, no session, TLS verified (≥ 1.2), last will.

    A `Publisher`. `on_change` is called when the connection ends, `on_message` with what comes of
    what was subscribed to: both from the network thread, they must not block. More than `in_flight`
    unacknowledged publications wait inside; `window` is what the broker allows: if that is less,
    make a new one with it. A connection never comes back.
    """

    def __init__(
        self,
        settings: BrokerLine,
        client_id: str,
        credential: Credential | None,
        will: Will | None = None,
        on_change: Callable[[], None] = lambda: None,
        in_flight: int = IN_FLIGHT,
        on_message: Callable[[Received], None] = lambda _received: None,
    ) -> None:
        self.window = in_flight
        self.address = broker_address(settings.url)
        self._settings = settings
        self._user = credential.user if credential else ""
        self._client_id = client_id
        self._on_change = on_change
        self._tls = tls_context(settings) if self.address.tls else None
        self._client = _client(client_id, credential, self._tls, in_flight)
        self._client.on_connect = self._connected
        self._client.on_publish = self._published
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._grants.set_result(reasons)
        self._client.on_message = lambda _c, _u, message: on_message(_received(message))
        # publications come from several threads: with this set only the network thread writes
        self._client.on_socket_register_write = lambda *_: None
        if will:
            words = _properties(PacketTypes.WILLMESSAGE, will.content_type)
            self._client.will_set(will.topic, will.payload, 1, True, words)
        self._answer: Future[ReasonCode] = Future()
        self._grants: Future[list[ReasonCode]] = Future()
        self._receipts = Receipts()
        self._open, self._largest = False, 0
        self._reason: ReasonCode | str = ""
        self._network: threading.Thread | None = None

    @property
    def connected(self) -> bool:
        """Whether a publication could go out now."""
        return self._open

    @property
    def largest(self) -> int:
        """The largest packet in bytes that the broker takes; 0 when it did not say."""
        return self._largest

    def connect(self, stop: threading.Event) -> None:
        """Connect and wait until the broker has admitted us, or until `stop` is set.

        Raises Trouble: `link.` + unreachable, untrusted, tls_failed, password_refused, no_answer….
        """
        _open_socket(self._client, self.address, self._settings)
        self._network = threading.Thread(target=self._serve, name="link-network", daemon=True)
        self._network.start()
        reason = self._wait(self._answer, stop)
        if reason is not None:
            _check_admission(reason, self.address, self._user)

    def subscribe(self, topics: Sequence[str], stop: threading.Event) -> None:
        """Subscribe at QoS 1 and wait until all are granted, or until `stop` is set; once.

        Raises Trouble `link.subscription_refused`, `link.no_answer`.
        """
        self._client.subscribe([(topic, 1) for topic in topics])
        reasons = self._wait(self._grants, stop)
        for topic, reason in zip(topics, reasons or (), strict=False):
            if reason.is_failure:
                raise troubles.subscription_refused(topic, str(reason))

    def _wait(self, answer: Future[T], stop: threading.Event) -> T | None:
        """The answer, or None when `stop` came first. Raises Trouble `link.no_answer`."""
        for _ in range(int(_ANSWER_SECONDS / 0.1)):
            if stop.is_set():
                return None
            with contextlib.suppress(TimeoutError):
                return answer.result(0.1)
        raise troubles.no_answer(str(self.address))

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        expiry: int | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Future[Receipt]:
        """See `Publisher`; a packet larger than the broker announced is refused here."""
        if not self._open:
            return settled(Outcome.LOST, "not connected")
        if self._largest and len(payload) + _OVERHEAD > self._largest:
            return settled(Outcome.OVERSIZE, f"Packet too large (broker: {self._largest} bytes)")
        properties = _properties(PacketTypes.PUBLISH, content_type, expiry, labels)
        info = self._client.publish(topic, payload, qos, retain, properties)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return settled(Outcome.LOST, info.rc.name)
        return self._receipts.expect(info.mid)

    def trouble(self) -> Trouble:
        """Why the connection is gone."""
        code = self._reason.value if isinstance(self._reason, ReasonCode) else 0
        return troubles.ended(str(self.address), self._client_id, code, str(self._reason))

    def close(self, *, with_will: bool = False) -> None:
        """End the connection; `with_will` lets the broker say the last will all the same."""
        if self._network is not None:
            self._say_goodbye(self._network, _WITH_WILL if with_will else 0)
        for name in _CALLBACKS:  # a circle of references would leave paho's sockets to chance
            setattr(self._client, name, None)

    def _say_goodbye(self, network: threading.Thread, code: int) -> None:
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, identifier=code))
        network.join(_GOODBYE_SECONDS)
        line = self._client.socket()
        if network.is_alive() and isinstance(line, socket.socket):
            with contextlib.suppress(OSError):  # stalled: the goodbye cannot be written either
                line.shutdown(socket.SHUT_RDWR)
            network.join(_GOODBYE_SECONDS)

    def _serve(self) -> None:
        try:
            while self._client.loop(1.0) is MQTTErrorCode.MQTT_ERR_SUCCESS:
                pass
        finally:
            self._end("closed")

    def _connected(
        self,
        _c: Client,
        _u: Any,
        _f: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not reason.is_failure:
            self._largest = int(getattr(properties, "MaximumPacketSize", 0))
            self.window = int(getattr(properties, "ReceiveMaximum", 65535))
            self._open = True
        self._answer.set_result(reason)

    def _published(self, _c: Client, _u: Any, mid: int, reason: ReasonCode, _p: Properties) -> None:
        named = {_NO_SUBSCRIBERS: Outcome.UNHEARD, _TOO_LARGE: Outcome.OVERSIZE}
        otherwise = Outcome.REFUSED if reason.is_failure else Outcome.ACCEPTED
        self._receipts.settle(mid, Receipt(named.get(reason.value, otherwise), str(reason)))

    def _disconnected(
        self, _c: Client, _u: Any, _f: DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._end(reason)

    def _end(self, reason: ReasonCode | str) -> None:
        self._open = False
        self._reason = self._reason or reason
        refusal = self._tls.refusal if self._tls else ""
        for waited in (self._answer, self._grants):
            if not waited.done():
                waited.set_exception(troubles.no_answer(str(self.address), refusal))
        self._receipts.close(str(self._reason))
        self._on_change()


def _client(
    name: str, credential: Credential | None, tls: ssl.SSLContext | None, in_flight: int
) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=name,
        protocol=MQTTProtocolVersion.MQTTv5,
        reconnect_on_failure=False,
    )
    client.connect_timeout = _ANSWER_SECONDS
    client.max_inflight_messages_set(in_flight)
    client.max_queued_messages_set(_QUEUE)
    if credential:
        client.username_pw_set(credential.user, credential.password)
    if tls:
        client.tls_set_context(tls)
    return client


def _open_socket(client: Client, address: Address, settings: BrokerLine) -> None:
    """TCP, TLS, and the CONNECT packet on its way. Raises Trouble."""
    properties = _properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 0  # the outbox is the session
    where = str(address)
    try:
        client.connect(
            address.host,
            address.port,
            round(settings.keepalive),
            clean_start=True,
            properties=properties,
        )
    except ssl.SSLCertVerificationError as error:
        raise troubles.untrusted(where, error.verify_message) from error
    except ssl.SSLError as error:
        raise troubles.tls_failed(where, error.reason or str(error)) from error
    except OSError as error:
        raise troubles.unreachable(where, error) from error


def _check_admission(reason: ReasonCode, address: Address, user: str) -> None:
    if reason.is_failure:
        raise troubles.not_admitted(str(address), user, reason.value, str(reason))


def _properties(
    packet: int,
    content_type: str = "",
    expiry: int | None = None,
    labels: Mapping[str, str] | None = None,
) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho types most, not this
    if content_type:
        properties.ContentType = content_type
    if expiry is not None:
        properties.MessageExpiryInterval = expiry
    if labels:
        properties.UserProperty = list(labels.items())
    return properties


def _received(message: MQTTMessage) -> Received:
    properties = message.properties
    return Received(
        topic=message.topic,
        payload=bytes(message.payload),
        content_type=str(getattr(properties, "ContentType", "")),
        qos=message.qos,
        retained=bool(message.retain),
        labels=dict(getattr(properties, "UserProperty", [])),
    )
