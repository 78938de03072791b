"""What the authority's signature stands under: certificates by purpose, and the revocation list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from edge_agent.link.enrol.keys import common_name, fingerprint
from edge_agent.store.register import Certificate, Purpose

_EARLY = timedelta(hours=1)  # a box whose clock is a little slow must not find it "not yet valid"
_LIFE = {
    "site": timedelta(days=365),
    "server": timedelta(days=730),
    "center": timedelta(days=730),
}
_AUTHORITY_LIFE = timedelta(days=20 * 365)
_USE = {
    "site": ExtendedKeyUsageOID.CLIENT_AUTH,
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
    "center": ExtendedKeyUsageOID.CLIENT_AUTH,
}


def authority_certificate(key: EllipticCurvePrivateKey, name: str, now: datetime) -> str:
    """The authority's own certificate (PEM): signs certificates and lists, and no further one."""
    subject = common_name(name)
    built = _builder(subject, subject, key.public_key(), now, _AUTHORITY_LIFE)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    built = built.add_extension(_usage(signs=True), critical=True)
    return _signed(built, key, key.public_key())


def certificate(
    authority: tuple[EllipticCurvePrivateKey, str],
    key: EllipticCurvePublicKey,
    name: str,
    purpose: Purpose,
    hosts: Sequence[str],
    now: datetime,
) -> Certificate:
    """A certificate for this key, good for one purpose; `authority` is its key and certificate
    (PEM), `hosts` the names and addresses under which a server is called.
    """
    signer = x509.load_pem_x509_certificate(authority[1].encode())
    life = min(_LIFE[purpose], signer.not_valid_after_utc - now)
    built = _builder(common_name(name), signer.subject, key, now, life)
    built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    built = built.add_extension(_usage(signs=False), critical=True)
    built = built.add_extension(x509.ExtendedKeyUsage([_USE[purpose]]), critical=False)
    if hosts:
        called = x509.SubjectAlternativeName([_general(host) for host in hosts])
        built = built.add_extension(called, critical=False)
    pem = _signed(built, authority[0], authority[0].public_key())
    made = x509.load_pem_x509_certificate(pem.encode())
    return Certificate(
        f"{made.serial_number:x}",
        name,
        purpose,
        fingerprint(key),
        made.not_valid_before_utc,
        made.not_valid_after_utc,
        now,
        pem,
    )


def revocation_list(
    authority: tuple[EllipticCurvePrivateKey, str], revoked: Iterable[Certificate], now: datetime
) -> bytes:
    """The list (PEM). It is good for as long as the authority is: were it to run out, the broker
    would turn every site away.
    """
    signer = x509.load_pem_x509_certificate(authority[1].encode())
    built = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.subject)
        .last_update(now - _EARLY)
        .next_update(signer.not_valid_after_utc)
    )
    for one in revoked:
        if one.revoked is None:
            continue
        entry = x509.RevokedCertificateBuilder().serial_number(int(one.serial, 16))
        built = built.add_revoked_certificate(entry.revocation_date(one.revoked).build())
    return built.sign(authority[0], SHA256()).public_bytes(Encoding.PEM)


def hosts_of(pem: str) -> tuple[str, ...]:
    """The names and addresses for which a server's certificate is good. Raises ValueError."""
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in names)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed(
    built: x509.CertificateBuilder, key: EllipticCurvePrivateKey, signer: EllipticCurvePublicKey
) -> str:
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer)
    done = built.add_extension(above, critical=False).sign(key, SHA256())
    return done.public_bytes(Encoding.PEM).decode()


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
