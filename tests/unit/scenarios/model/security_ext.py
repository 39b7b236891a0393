"""The security extension of the model: certificates, logs and signed updates (security whitepaper, section 4)."""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rig.csms.certificate import Certificate
from tests.unit.scenarios.model.diagnostics import Diagnostics
from tests.unit.scenarios.model.session import Payload
from tests.unit.scenarios.model.tls_alert import reject_certificate

MANUFACTURER, CSMS = "ManufacturerRootCertificate", "CentralSystemRootCertificate"


class SecurityExtension(Diagnostics):
    """The management of certificates, the security log, and signed updates.

    Attributes:
        roots: the installed root certificates by their use.
        certificate: that of the charge point, with its key.
        password: the AuthorizationKey.
    """

    identity = "CP-1"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.keys["SecurityProfile"] = "0"
        self.roots: dict[str, list[x509.Certificate]] = {MANUFACTURER: [], CSMS: []}
        self.certificate = Certificate("", "")
        self.password = b""
        self._has_rejected_csms = False
        self._next_key = ec.generate_private_key(ec.SECP256R1())

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context of the security profile; None for profile 0."""
        if self.keys["SecurityProfile"] == "0":
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for root in self.roots[CSMS]:
            context.load_verify_locations(cadata=root.public_bytes(serialization.Encoding.PEM).decode())
        if self.keys["SecurityProfile"] == "3":
            self.certificate.load_into(context)
        return context

    def headers(self) -> dict[str, str]:
        """Return the login of security profile 2."""
        if self.keys["SecurityProfile"] != "2":
            return {}
        return {"Authorization": f"Basic {base64.b64encode(self.identity.encode() + b':' + self.password).decode()}"}

    async def certificate_failed(self) -> None:
        """Reject the certificate of the CSMS, to be reported when there is a connection."""
        context = self.tls()
        assert context is not None
        await reject_certificate(self.url, context)
        self._has_rejected_csms = True

    def connected(self) -> None:
        """Report a rejected certificate of the CSMS."""
        super().connected()
        if self._has_rejected_csms:
            self._has_rejected_csms = False
            self._report_event("InvalidCentralSystemCertificate")

    # -- root certificates --------------------------------------------------------------------------------------------

    def on_install_certificate(self, request: Payload) -> Payload:
        """Install a root certificate."""
        self.roots[request["certificateType"]].append(x509.load_pem_x509_certificate(request["certificate"].encode()))
        return {"status": "Accepted"}

    def on_get_installed_certificate_ids(self, request: Payload) -> Payload:
        """List the root certificates of a use."""
        found = [hash_data(root) for root in self.roots[request["certificateType"]]]
        return {"status": "Accepted", "certificateHashData": found} if found else {"status": "NotFound"}

    def on_delete_certificate(self, request: Payload) -> Payload:
        """Delete a root certificate."""
        for installed in self.roots.values():
            for root in installed:
                if hash_data(root) == request["certificateHashData"]:
                    installed.remove(root)
                    return {"status": "Accepted"}
        return {"status": "NotFound"}

    def is_trusted(self, certificate: x509.Certificate, use: str) -> bool:
        """Return whether an installed root of a use has issued a certificate."""
        return any(_has_issued(root, certificate) for root in self.roots[use])

    # -- the certificate of the charge point --------------------------------------------------------------------------

    def on_extended_trigger_message(self, request: Payload) -> Payload:
        """Make a key, and request a certificate for it."""
        if request["requestedMessage"] != "SignChargePointCertificate":
            return {"status": "NotImplemented"}
        self._next_key = ec.generate_private_key(ec.SECP256R1())
        self.send("SignCertificate", {"csr": self.signing_request()})
        return {"status": "Accepted"}

    def signing_request(self) -> str:
        """Return a request for a certificate for the new key, in PEM (RFC 2986)."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.identity)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._next_key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode()

    def on_certificate_signed(self, request: Payload) -> Payload:
        """Use a certificate from now on, if it is for the new key and a root of the CSMS has issued it."""
        certificate = x509.load_pem_x509_certificate(request["certificateChain"].encode())
        if certificate.public_key() != self._next_key.public_key() or not self.is_trusted(certificate, CSMS):
            self._report_event("InvalidChargePointCertificate")
            return {"status": "Rejected"}
        self.use_certificate(request["certificateChain"])
        return {"status": "Accepted"}

    def use_certificate(self, chain: str) -> None:
        """Show a certificate of the new key in later connections."""
        self.certificate = Certificate(
            chain,
            self._next_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        )

    def _report_event(self, kind: str) -> None:
        self.send("SecurityEventNotification", {"type": kind, "timestamp": self.now()})

    # -- logs and signed updates --------------------------------------------------------------------------------------

    def on_get_log(self, request: Payload) -> Payload:
        """Upload the security log."""

        async def report(status: str) -> None:
            await self.call("LogStatusNotification", {"status": status, "requestId": request["requestId"]})

        self.spawn(self.upload(request["log"]["remoteLocation"], report))
        return {"status": "Accepted", "filename": "security.log"}

    def on_signed_update_firmware(self, request: Payload) -> Payload:
        """Update the firmware, if a manufacturer's certificate has signed it."""
        firmware = request["firmware"]
        signer = x509.load_pem_x509_certificate(firmware["signingCertificate"].encode())
        if not self.is_trusted(signer, MANUFACTURER):
            return {"status": "InvalidCertificate"}

        async def report(status: str) -> None:
            await self.call("SignedFirmwareStatusNotification", {"status": status, "requestId": request["requestId"]})

        async def verify(image: bytes) -> bool:
            if self.is_signed(image, signer, base64.b64decode(firmware["signature"])):
                await report("SignatureVerified")
                return True
            await report("InvalidSignature")
            self._report_event("InvalidFirmwareSignature")
            return False

        self.spawn(self.update(firmware["location"], report, verify))
        return {"status": "Accepted"}

    def is_signed(self, image: bytes, signer: x509.Certificate, signature: bytes) -> bool:
        """Return whether the key of a certificate has signed an image."""
        key = signer.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        try:
            key.verify(signature, image, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


def hash_data(certificate: x509.Certificate) -> Payload:
    """Return CertificateHashData of a self-signed certificate (security whitepaper; the hashes are those of OCSP)."""
    key = certificate.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hashlib.sha256(certificate.issuer.public_bytes()).hexdigest(),
        "issuerKeyHash": hashlib.sha256(key).hexdigest(),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def _has_issued(root: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, InvalidSignature):
        return False
    return True
