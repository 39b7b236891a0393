"""The login of charge points by the security profiles of the OCPP 1.6 security whitepaper."""

from __future__ import annotations

import hmac
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from cryptography import x509
from cryptography.x509.oid import NameOID

from rig.csms.certificate import Certificate, pem_file
from rig.util.basic_auth import credentials
from rig.util.errors import AuthorError, BenchError
from rig.util.named_file import read_file

SecurityProfile = Literal[0, 1, 2, 3]
"""0: no login; 1: Basic authentication; 2: TLS and Basic authentication; 3: TLS with certificates on both sides."""

_HEXADECIMAL = "hex:"
_LARGEST_FILE = 1_000_000  # in bytes: passwords of more than ten thousand charge points


@dataclass(frozen=True, slots=True)
class Security:
    """The security profile that the CSMS requires, with its certificates and passwords.

    `certificate` alone enables TLS, with any profile: a server may use TLS without passwords.

    Attributes:
        profile: 0 to 3.
        passwords: the AuthorizationKey of each charge point by its identity; needed for the profiles 1 and 2.
        certificate: the certificate of the server, needed for the profiles 2 and 3; None for no TLS.
        client_root: the root of the charge points' certificates as PEM; needed for profile 3.
        client_crl: the CRL of `client_root` as PEM; if it is empty, revocation is not checked.

    Raises:
        AuthorError: a value that the profile needs is missing.
    """

    profile: SecurityProfile = 0
    passwords: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    certificate: Certificate | None = None
    client_root: str = ""
    client_crl: str = ""

    def __post_init__(self) -> None:
        if self.profile not in get_args(SecurityProfile):
            raise AuthorError(f"a security profile is 0, 1, 2 or 3, not {self.profile!r}")
        if self.profile >= 2 and self.certificate is None:
            raise AuthorError(f"security profile {self.profile} uses TLS: give the server's certificate=")
        if self.profile in (1, 2) and not self.passwords:
            raise AuthorError(f"security profile {self.profile} uses Basic authentication: give passwords= by identity")
        if self.profile == 3 and not self.client_root:
            raise AuthorError("security profile 3 checks the charge point's certificate: give client_root=")

    def tls(self) -> ssl.SSLContext | None:
        """Make the server's TLS context; None without TLS.

        Raises:
            BenchError: a certificate, key, root or CRL cannot be used.
        """
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # the minimum of the whitepaper
        self.certificate.load_into(context)
        if self.profile == 3:
            context.verify_mode = ssl.CERT_REQUIRED
            try:
                context.load_verify_locations(cadata=self.client_root)
                if self.client_crl:
                    _load_crl(context, self.client_crl)
            except ssl.SSLError as error:
                raise BenchError(
                    f"the root or CRL of the charge points cannot be used: {error.reason or error}",
                    "Give PEM with BEGIN CERTIFICATE, and BEGIN X509 CRL",
                ) from None
        return context

    def refusal(self, identity: str, authorization: str, tls: ssl.SSLObject | None) -> str:
        """Validate the login of an opening handshake. Return why it is refused; empty if it is accepted.

        Args:
            identity: the identity of the charge point, from the URL.
            authorization: the header Authorization; empty if it is missing.
            tls: the TLS object of the connection; None without TLS.
        """
        if self.profile in (1, 2):
            return self._basic_refusal(identity, authorization)
        if self.profile == 3:
            name = _common_name(tls)
            if name != identity:
                return f"the common name of its certificate is {name!r}, not its identity {identity!r}"
        return ""

    def _basic_refusal(self, identity: str, authorization: str) -> str:
        if not authorization:
            return f"it sent no header Authorization, and security profile {self.profile} needs one"
        try:
            user, password = credentials(authorization)
        except ValueError as error:
            return str(error)
        if user != identity.encode():
            # The message does not quote the user name, which may be a misplaced password.
            return f"the user of its header Authorization is not its identity {identity!r}"
        expected = self.passwords.get(identity)
        if expected is None:
            return f"there is no password for {identity!r}"
        if not hmac.compare_digest(password, expected):
            return f"its password of {len(password)} bytes is not that of {identity!r}"
        return ""


def read_passwords(path: Path) -> dict[str, bytes]:
    """Read the passwords of charge points from a file.

    Args:
        path: file with lines `identity:password`, or `identity:hex:0123…` for a password that is not text. Blank lines
            and lines that begin with `#` are ignored.

    Raises:
        BenchError: the file cannot be read, or a line is invalid. The message has the line's number, not its text.
    """
    try:
        lines = read_file(path, _LARGEST_FILE, pipe=True).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BenchError(f"cannot read the passwords in {path}: {reason}", "Name a text file") from None
    passwords: dict[str, bytes] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        identity, colon, password = line.partition(":")
        try:
            if password.startswith(_HEXADECIMAL):
                key = bytes.fromhex(password.removeprefix(_HEXADECIMAL))
            else:
                key = password.encode()
        except ValueError:
            key = b""
        if not (identity and colon and key):
            raise BenchError(f"{path}, line {number}: no password", "Write identity:password, or identity:hex:0123…")
        passwords[identity] = key
    if not passwords:
        raise BenchError(f"{path} has no password", "Write identity:password, a line for each charge point")
    return passwords


def _load_crl(context: ssl.SSLContext, crl: str) -> None:
    # `cadata` accepts certificates only, so the CRL goes through a file.
    with pem_file(crl) as name:
        context.load_verify_locations(cafile=name)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _common_name(tls: ssl.SSLObject | None) -> str:
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    if der is None:
        return ""
    names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[-1].value) if names else ""
