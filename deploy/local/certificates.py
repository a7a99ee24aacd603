"""How whoever comes from another machine knows that it is our nats-server: an authority of the
station's own, made once, and the certificate that it signs anew at every start."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.files import write_private
from deploy.local.processes import CannotStart

AUTHORITY_LASTS = timedelta(days=20 * 365)
CERTIFICATE_LASTS = timedelta(days=5 * 365)
"""Longer than any server runs without being started again."""
CLOCKS_DIFFER = timedelta(days=1)

SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files. Other machines are given ``authority``, and nothing else."""

    authority: Path
    certificate: Path
    key: Path


def ensure_certificates(folder: Path, host: str) -> Certificates:
    """The server's certificate for ``host`` and for all names of this machine; the authority is
    made if there is none. Raises ``CannotStart``."""
    made = Certificates(folder / "ca.pem", folder / "nats.pem", folder / "nats.key")
    authority_key_file = folder / "ca.key"
    if not made.authority.exists():
        authority_key = ec.generate_private_key(ec.SECP256R1())
        write_private(authority_key_file, _key_text(authority_key))
        write_private(made.authority, _certificate_text(_authority(authority_key)))
    try:
        signing = serialization.load_pem_private_key(authority_key_file.read_bytes(), None)
        authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"{authority_key_file} and {made.authority} belong together and are damaged: remove "
            "both, and other machines need the new ca.pem"
        ) from error
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    write_private(made.key, _key_text(key))
    write_private(
        made.certificate, _certificate_text(_signed(key, _names(host), authority, signing))
    )
    return made


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _named("Pitlane station")
    return (
        _begun(name, name, key.public_key(), AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(SIGNS_CERTIFICATES, critical=True)
        .sign(key, hashes.SHA256())
    )


def _signed(
    key: ec.EllipticCurvePrivateKey,
    names: Iterable[str],
    authority: x509.Certificate,
    signing: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    return (
        _begun(_named("nats-server"), authority.subject, key.public_key(), CERTIFICATE_LASTS)
        .add_extension(x509.SubjectAlternativeName(map(_general_name, names)), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(signing, hashes.SHA256())
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _names(host: str) -> list[str]:
    """And addresses: who listens on all of them is reached at any."""
    machine = socket.gethostname()
    names = {host, "127.0.0.1", "::1", "localhost", machine}
    try:
        names.add(socket.getfqdn())
        # Of an address with a scope (``fe80::1%eth0``) a certificate names the address alone.
        names |= {
            str(address[0]).partition("%")[0] for *_, address in socket.getaddrinfo(machine, None)
        }
    except (OSError, UnicodeError):
        pass  # nobody knows the machine by its name
    # Certificates, as the domain name system, know no other letters.
    return sorted(name for name in names if name.isascii())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _certificate_text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_text(key: ec.EllipticCurvePrivateKey) -> str:
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, plain).decode()
