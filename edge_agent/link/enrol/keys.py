"""Keys and certificates (ECDSA on P-256, X.509) as both ends of an enrolment need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

_BROKEN = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a certificate says of itself; nothing about whether to believe it. `key` is SHA-256
    (hex) of its public key in DER, `serial` hex in lower case.
    """

    name: str
    serial: str
    key: str
    begins: datetime
    ends: datetime

    def due(self, now: datetime) -> bool:
        """Whether two thirds of its life are over: time to renew, with time left to fail."""
        return now >= self.begins + (self.ends - self.begins) * 2 / 3


def new_key() -> EllipticCurvePrivateKey:
    """A fresh key on P-256."""
    return generate_private_key(SECP256R1())


def key_pem(key: EllipticCurvePrivateKey) -> bytes:
    """The private half as PEM, in the clear: for files of mode 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(pem: bytes) -> EllipticCurvePrivateKey:
    """The private key in a PEM file. Raises ValueError when there is none of ours."""
    try:
        key = load_pem_private_key(pem, None)
    except _BROKEN as error:
        raise ValueError("not a private key in PEM") from error
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    raise ValueError("not a key on P-256")


def fingerprint(key: EllipticCurvePublicKey) -> str:
    """SHA-256 (hex) of a public key in DER."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(der).hexdigest()


def short(digest: str) -> str:
    """80 bits of a fingerprint, as two people read it to each other: `3f9a-11c2-77de-90ab-02c4`."""
    return "-".join(digest[at : at + 4] for at in range(0, 20, 4))


def request(key: EllipticCurvePrivateKey, site: str) -> str:
    """A certificate signing request (PEM) for this site, signed with its key."""
    named = x509.CertificateSigningRequestBuilder().subject_name(common_name(site))
    return named.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def read_request(pem: str) -> tuple[str, EllipticCurvePublicKey]:
    """Common name and public key of a request whose sender holds the key. Raises ValueError."""
    try:
        found = x509.load_pem_x509_csr(pem.encode())
        key, named, proven = found.public_key(), found.subject, found.is_signature_valid
    except _BROKEN as error:
        raise ValueError("not a certificate signing request in PEM") from error
    if not proven:
        raise ValueError("the request is not signed with its own key")
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return _name(named), key
    raise ValueError("not a key on P-256")


def read_certificate(pem: str) -> Shown:
    """What the first certificate in a PEM text says. Raises ValueError."""
    found, key = _loaded(pem)
    return Shown(
        _name(found.subject),
        f"{found.serial_number:x}",
        fingerprint(key),
        found.not_valid_before_utc,
        found.not_valid_after_utc,
    )


def digest(pem: str) -> str:
    """SHA-256 (hex) of a certificate in DER: what `openssl x509 -fingerprint -sha256` tells.
    Raises ValueError.
    """
    return sha256(der(pem)).hexdigest()


def der(pem: str) -> bytes:
    """The first certificate of a PEM text in DER, without what follows it. Raises ValueError."""
    found, _key = _loaded(pem)
    return found.public_bytes(Encoding.DER)


def only(pem: str) -> bytes:
    """The first certificate of a PEM text alone. Raises ValueError."""
    found, _key = _loaded(pem)
    return found.public_bytes(Encoding.PEM)


def issued_by(pem: str, authority: str) -> bool:
    """Whether this authority signed this certificate. Raises ValueError when one is none."""
    (found, _), (signer, _) = _loaded(pem), _loaded(authority)
    try:
        found.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def sign(key: EllipticCurvePrivateKey, data: bytes) -> bytes:
    """An ECDSA signature (SHA-256, DER) over these bytes."""
    return key.sign(data, ECDSA(SHA256()))


def signed_by(pem: str, signature: bytes, data: bytes) -> bool:
    """Whether the holder of this certificate's key signed exactly these bytes. Raises ValueError
    when it is no certificate.
    """
    _found, key = _loaded(pem)
    try:
        key.verify(signature, data, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def common_name(text: str) -> x509.Name:
    """A subject with this common name alone."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _loaded(pem: str) -> tuple[x509.Certificate, EllipticCurvePublicKey]:
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
        key = found.public_key()
    except _BROKEN as error:
        raise ValueError("not a certificate in PEM") from error
    if isinstance(key, EllipticCurvePublicKey):
        return found, key
    raise ValueError("not an elliptic key")


def _name(subject: x509.Name) -> str:
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else ""
