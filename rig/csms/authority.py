"""A certificate authority for tests. It issues valid certificates and certificates that must be rejected."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rig.csms.certificate import Certificate
from rig.util.arguments import validate_one_of
from rig.util.errors import ExpectationError

CertificateKind = Literal["good", "expired", "not-yet-valid", "wrong-name", "unknown-root", "revoked"]
"""The kinds of certificates: `good` is valid for ten years, and each other kind has exactly one fault.

- `expired`: the validity ended a day ago;
- `not-yet-valid`: the validity begins in 50 years;
- `wrong-name`: the certificate is issued to `wrong.invalid`;
- `unknown-root`: another authority of the same name signed the certificate;
- `revoked`: the certificate is on the authority's CRL.
"""

_DAY = timedelta(days=1)
_YEAR = 365 * _DAY
_WRONG_NAME = "wrong.invalid"  # reserved by RFC 2606 section 2


class Authority:
    """A root that issues ECDSA certificates on P-256, as the OCPP security whitepaper allows.

    Args:
        now: the time that all validities are relative to; None: the time of this machine. Stepped time always begins
            in 2026, so a virtual bench needs `clock.utc()` of its clock.
        name: the root's common name.
    """

    def __init__(self, now: datetime | None = None, name: str = "Plugbench test root") -> None:
        self._now = now or datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject(name)
        self._revoked: list[int] = []
        self._root = (
            _builder(self._name, self._name, self._key.public_key(), self._now - _YEAR, self._now + 20 * _YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(ca=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._common_name = name

    @property
    def root(self) -> str:
        """The root certificate as PEM."""
        return self._root.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def crl(self) -> str:
        """The revocation list of all certificates issued as `revoked` so far, as PEM (RFC 5280 section 5)."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(self._now - _DAY)
            .next_update(self._now + 10 * _YEAR)
        )
        for serial in self._revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(self._now - _DAY).build()
            )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def server(self, *names: str, kind: CertificateKind = "good") -> Certificate:
        """Issue the certificate of a CSMS.

        Args:
            names: host names and IP addresses of the CSMS; none: `localhost` and `127.0.0.1`.
            kind: the kind of certificate.
        """
        return self._issue(names or ("localhost", "127.0.0.1"), kind, ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, identity: str, kind: CertificateKind = "good") -> Certificate:
        """Issue the certificate of a charge point.

        Args:
            identity: the charge point's identity, used as common name (OCPP 1.6 security whitepaper, section 2.7).
            kind: the kind of certificate.
        """
        return self._issue((identity,), kind, ExtendedKeyUsageOID.CLIENT_AUTH)

    def sign(self, request: str) -> str:
        """Issue the certificate of a charge point that generated its key itself.

        Args:
            request: a certificate signing request as PEM (RFC 2986). Its subject becomes the subject of the
                certificate.

        Returns:
            The certificate as PEM.

        Raises:
            ExpectationError: the request is not PEM, or is not signed with its own key.
        """
        try:
            wanted = x509.load_pem_x509_csr(request.encode())
        except ValueError as error:
            raise ExpectationError(f"the certificate signing request cannot be read: {error}") from None
        if not wanted.is_signature_valid:
            raise ExpectationError("the signature of the certificate signing request is not that of its key")
        key = wanted.public_key()
        if not isinstance(key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
            raise ExpectationError(f"the key of the request is {type(key).__name__}; the whitepaper has ECDSA and RSA")
        begin, end = self._now - _DAY, self._now + 10 * _YEAR
        certificate = (
            _builder(wanted.subject, self._name, key, begin, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _issue(self, names: tuple[str, ...], kind: CertificateKind, usage: x509.ObjectIdentifier) -> Certificate:
        validate_one_of("the kind of a certificate", kind, get_args(CertificateKind))
        if kind == "unknown-root":
            return Authority(self._now, self._common_name)._issue(names, "good", usage)
        if kind == "wrong-name":
            names = (_WRONG_NAME,)
        begin, end = {
            "expired": (self._now - _YEAR, self._now - _DAY),
            "not-yet-valid": (self._now + 50 * _YEAR, self._now + 51 * _YEAR),
        }.get(kind, (self._now - _DAY, self._now + 10 * _YEAR))
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_subject(names[0]), self._name, key.public_key(), begin, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        if kind == "revoked":
            self._revoked.append(certificate.serial_number)
        return Certificate(
            certificate.public_bytes(serialization.Encoding.PEM).decode(),
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        )


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Plugbench"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
