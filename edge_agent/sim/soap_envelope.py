"""SOAP 1.2 envelopes: hostile bytes in, requests out; answers and faults. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<s:Envelope xmlns:s="{ENVELOPE}" xmlns:tds="{DEVICE}" xmlns:trt="{MEDIA}"'
    f' xmlns:tt="{SCHEMA}" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>'
)
_TAIL = "</s:Body></s:Envelope>"


class SoapFault(Exception):
    """A request that is answered with a fault: code (`Sender`, `Receiver`, `VersionMismatch`),
    ONVIF subcode (`ter:NotAuthorized`) and a reason in English, as cameras give it.
    """

    def __init__(self, subcode: str, reason: str, code: str = "Sender") -> None:
        super().__init__(reason)
        self.code, self.subcode, self.reason = code, subcode, reason


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """What was asked: namespace and name of the operation, its element, and the header."""

    namespace: str
    operation: str
    body: Any
    header: Any

    def text(self, name: str) -> str:
        """The text of the first child of that name, whatever its namespace."""
        for child in self.body.iter("{*}" + name):
            return (child.text or "").strip()
        return ""


def parse_xml(data: bytes) -> Any:
    """The root element; nothing is fetched or expanded. Raises ValueError on anything malformed
    and on a DOCTYPE.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("malformed XML") from error
    if root is None or root.getroottree().docinfo.doctype:
        raise ValueError("XML with a DOCTYPE")
    return root


def parse_soap(data: bytes) -> SoapRequest:
    """The request in these bytes. Raises SoapFault on anything that is none."""
    try:
        root = parse_xml(data)
    except ValueError as error:
        raise SoapFault("ter:WellFormed", str(error)) from error
    if etree.QName(root).localname != "Envelope":
        raise SoapFault("ter:InvalidArgs", "not a SOAP envelope")
    if etree.QName(root).namespace != ENVELOPE:
        raise SoapFault("ter:InvalidArgs", "SOAP 1.2 only", code="VersionMismatch")
    body = root.find(f"{{{ENVELOPE}}}Body")
    asked = (
        next((child for child in body if isinstance(child.tag, str)), None)
        if (body is not None)
        else None
    )
    if asked is None:
        raise SoapFault("ter:InvalidArgs", "empty body")
    name = etree.QName(asked)
    header = root.find(f"{{{ENVELOPE}}}Header")
    return SoapRequest(str(name.namespace or ""), name.localname, asked, header)


def answer(inner: str) -> bytes:
    """An envelope round the answer's XML."""
    return (_HEAD + inner + _TAIL).encode()


def fault(error: SoapFault) -> bytes:
    """An envelope with a SOAP 1.2 fault."""
    return answer(
        f"<s:Fault><s:Code><s:Value>s:{error.code}</s:Value><s:Subcode>"
        f"<s:Value>{escape(error.subcode)}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escape(error.reason)}</s:Text></s:Reason></s:Fault>'
    )
