"""Security profiles of the CSMS: accepted clients, and refused clients with the reason."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.exceptions import InvalidStatus, WebSocketException

from rig.csms import Authority, Certificate, Csms, Security
from rig.csms.handshakes import HANDSHAKE_TIMEOUT_S
from rig.csms.security import read_passwords
from rig.timeline import Timeline
from rig.timeline.events import ClientRefused
from rig.util.clock import BenchClock
from rig.util.errors import AuthorError, BenchError, ExpectationError
from tests.unit.conftest import STEPPED
from tests.unit.csms.conftest import IDENTITY, LIMIT_S, Peer, handshake

KEY = b"0123456789abcdef"
NewPeer = Callable[..., Peer]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def client_context(
    authority: Authority, certificate: Certificate | None = None, *, crl: Path | None = None
) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.root)
    if certificate is not None:
        certificate.load_into(context)
    if crl is not None:
        crl.write_text(authority.crl)
        context.load_verify_locations(crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def basic(user: str = IDENTITY, password: bytes = KEY) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + password).decode()}


@pytest.fixture
def tls_only(csms: Csms, authority: Authority) -> Iterator[None]:
    with csms.secured(Security(certificate=authority.server())):
        yield


# -- TLS --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tls_only")
def test_a_charge_point_boots_over_tls(csms: Csms, authority: Authority, new_peer: NewPeer) -> None:
    assert csms.url().startswith("wss://")
    peer = new_peer(ssl=client_context(authority))
    assert peer.boot()["status"] == "Accepted"
    csms.close(1001, "going")
    csms.expect_disconnected(LIMIT_S)


@pytest.mark.usefixtures("tls_only")
def test_one_thread_of_a_peer_uses_its_tls_object(authority: Authority, new_peer: NewPeer) -> None:
    """Python 3.11 has no lock around an OpenSSL object: two threads would lose messages."""
    threads = set()

    class Watched(ssl.SSLSocket):
        def read(self, *arguments: Any) -> Any:
            threads.add(threading.get_ident())
            return super().read(*arguments)

        def send(self, *arguments: Any) -> int:
            threads.add(threading.get_ident())
            return super().send(*arguments)

    context = client_context(authority)
    context.sslsocket_class = Watched
    new_peer(ssl=context).boot()
    assert len(threads) == 1


@pytest.mark.usefixtures("tls_only")
def test_a_message_of_many_tls_records_arrives_whole(csms: Csms, authority: Authority, new_peer: NewPeer) -> None:
    peer = new_peer(ssl=client_context(authority))
    peer.boot()
    assert peer.call("DataTransfer", {"vendorId": "V", "data": "x" * 200_000}) == {"status": "UnknownVendorId"}
    csms.send_raw("y" * 200_000)
    assert peer.socket.recv(LIMIT_S) == "y" * 200_000


@pytest.mark.parametrize(
    ("kind", "clients_word", "reason"),
    [
        ("expired", "expired", "it has expired"),
        ("not-yet-valid", "not yet valid", ""),
        ("wrong-name", "not valid for", ""),
        ("unknown-root", "certificate verify failed", ""),
        ("revoked", "revoked", "it is revoked"),
    ],
)
def test_each_bad_certificate_is_rejected_by_a_client_and_reported_by_the_csms(
    csms: Csms, authority: Authority, new_peer: NewPeer, tmp_path: Path, kind: Any, clients_word: str, reason: str
) -> None:
    certificate = authority.server(kind=kind)
    with csms.secured(Security(certificate=certificate)):
        with pytest.raises(ssl.SSLCertVerificationError, match=clients_word):
            new_peer(ssl=client_context(authority, crl=tmp_path / "crl"))
        refused = csms.expect_refused("the client rejected the server's certificate", timeout=LIMIT_S)
        assert (refused.how, reason in refused.reason) == ("TLS", True)


@pytest.mark.usefixtures("tls_only")
def test_a_client_without_tls_is_refused_with_the_reason(csms: Csms) -> None:
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        client.sendall(handshake("/CP-1"))
        csms.expect_refused("this port needs TLS: its URL must begin with wss://", timeout=LIMIT_S)


@pytest.mark.usefixtures("tls_only")
def test_a_client_that_disconnects_during_the_tls_handshake_is_refused(csms: Csms) -> None:
    socket.create_connection(("127.0.0.1", csms.port), LIMIT_S).close()
    csms.expect_refused("closed the connection during the TLS handshake", timeout=LIMIT_S)


@STEPPED
@pytest.mark.usefixtures("tls_only")
def test_a_tls_handshake_has_a_time_limit(csms: Csms, clock: BenchClock, timeline: Timeline) -> None:
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        refused = csms.expect_refused("finished no TLS handshake within 30 s", timeout=2 * HANDSHAKE_TIMEOUT_S)
        assert clock.between(0, refused.t) == pytest.approx(HANDSHAKE_TIMEOUT_S, abs=1)
        assert client.recv(1) == b""
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S):
        pass
    csms.expect_refused("the client closed the connection", timeout=LIMIT_S)
    assert len(timeline.events(ClientRefused)) == 2  # one for each client


@STEPPED
@pytest.mark.usefixtures("tls_only")
def test_silence_answers_no_client_hello_and_ends_with_the_block(
    csms: Csms, authority: Authority, clock: BenchClock, timeline: Timeline
) -> None:
    with contextlib.ExitStack() as stack:
        with csms.silence():
            raw = stack.enter_context(socket.create_connection(("127.0.0.1", csms.port), LIMIT_S))
            raw.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client_context(authority).wrap_socket(raw, server_hostname="127.0.0.1")
            clock.deadline(10 * HANDSHAKE_TIMEOUT_S).wait_out()
            assert timeline.events(ClientRefused) == []
        csms.expect_refused(timeout=2 * HANDSHAKE_TIMEOUT_S)


def test_open_connections_stay_when_the_security_profile_changes(
    csms: Csms, authority: Authority, new_peer: NewPeer
) -> None:
    peer = new_peer()
    with csms.secured(Security(certificate=authority.server())):
        assert peer.boot()["status"] == "Accepted"
    new_peer().boot()


# -- Basic authentication -----------------------------------------------------------------------------------------


def test_the_right_password_is_accepted(csms: Csms, new_peer: NewPeer) -> None:
    key = bytes(range(0xEC, 0x100))  # not UTF-8
    with csms.secured(Security(1, {IDENTITY: key})):
        new_peer(additional_headers=basic(password=key)).boot()


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "it sent no header Authorization, and security profile 1 needs one"),
        ({"Authorization": "Bearer abc"}, "has the scheme 'Bearer', not Basic"),
        ({"Authorization": "cGFzc3BocmFzZQ"}, "has no known scheme, not Basic"),
        ({"Authorization": "Basic ***"}, "is not Base64"),
        ({"Authorization": "Basic QUJD"}, "has no ':'"),
        (basic("CP-2"), "is not its identity 'CP-1'"),
        (basic(password=b"wrong-secret"), "its password of 12 bytes is not that of 'CP-1'"),
    ],
)
def test_a_refused_login_gives_the_reason_without_a_secret(
    csms: Csms, timeline: Timeline, new_peer: NewPeer, headers: dict[str, str], reason: str
) -> None:
    with csms.secured(Security(1, {IDENTITY: KEY})), pytest.raises(InvalidStatus) as failed:
        new_peer(additional_headers=headers)
    assert failed.value.response.status_code == 401
    assert failed.value.response.headers["WWW-Authenticate"] == 'Basic realm="CSMS"'
    refused = csms.expect_refused(reason, timeout=LIMIT_S)
    assert (refused.charge_point, refused.how) == (IDENTITY, "HTTP 401")
    assert KEY.decode() not in refused.reason
    assert "wrong-secret" not in refused.reason


def test_a_charge_point_without_a_password_is_refused(csms: Csms, new_peer: NewPeer) -> None:
    with csms.secured(Security(1, {"CP-2": KEY})), pytest.raises(InvalidStatus):
        new_peer(additional_headers=basic())
    csms.expect_refused("there is no password for 'CP-1'", timeout=LIMIT_S)


# -- client certificates ------------------------------------------------------------------------------------------


def test_a_client_certificate_with_the_identity_is_accepted(
    csms: Csms, authority: Authority, new_peer: NewPeer
) -> None:
    security = Security(3, certificate=authority.server(), client_root=authority.root)
    with csms.secured(security):
        new_peer(ssl=client_context(authority, authority.client(IDENTITY))).boot()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "the client's certificate is rejected: certificate has expired"),
        ("not-yet-valid", "the client's certificate is rejected: certificate is not yet valid"),
        ("unknown-root", "the client's certificate is rejected: "),
        ("revoked", "the client's certificate is rejected: certificate revoked"),
        ("wrong-name", "the common name of its certificate is 'wrong.invalid', not its identity 'CP-1'"),
        (None, "the client sent no certificate, and security profile 3 needs one"),
    ],
)
def test_a_bad_client_certificate_is_refused_with_the_reason(
    csms: Csms, authority: Authority, new_peer: NewPeer, kind: Any, reason: str
) -> None:
    certificate = None if kind is None else authority.client(IDENTITY, kind)
    security = Security(3, certificate=authority.server(), client_root=authority.root, client_crl=authority.crl)
    with csms.secured(security):
        with pytest.raises(
            (OSError, EOFError, WebSocketException)
        ):  # with TLS 1.3 a client gets the alert after its handshake
            new_peer(ssl=client_context(authority, certificate))
        csms.expect_refused(reason, timeout=LIMIT_S)


# -- errors in a test or a file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": 1}, "give passwords="),
        ({"profile": 2, "passwords": {IDENTITY: KEY}}, "give the server's certificate="),
        ({"profile": 3, "certificate": Certificate("", "")}, "give client_root="),
        ({"profile": 4}, "is 0, 1, 2 or 3, not 4"),
    ],
)
def test_an_incomplete_profile_is_an_error_of_the_author(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AuthorError, match=message):
        Security(**arguments)


def test_a_key_of_another_certificate_is_rejected_by_name(csms: Csms, authority: Authority) -> None:
    mixed = Certificate(authority.server().chain, authority.server().key)
    with (
        pytest.raises(BenchError, match="the key belongs to another certificate"),
        csms.secured(Security(certificate=mixed)),
    ):
        pass
    assert csms.url().startswith("ws://")


def test_keys_and_passwords_are_in_no_repr(authority: Authority) -> None:
    security = Security(2, {IDENTITY: KEY}, authority.server())
    assert KEY.decode() not in repr(security)
    assert "PRIVATE KEY" not in repr(security)


@pytest.mark.parametrize("line", ["CP-1", "CP-1:", ":secret-1", "CP-1:hex:secret-1"])
def test_a_wrong_line_of_a_password_file_is_named_and_not_quoted(tmp_path: Path, line: str) -> None:
    file = tmp_path / "passwords"
    file.write_text(f"# comment\n\nCP-2:fine\n{line}\n")
    with pytest.raises(BenchError, match="line 4") as wrong:
        read_passwords(file)
    assert "secret-1" not in str(wrong.value)


def test_a_password_file_has_text_and_hexadecimal(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("CP-1:with:colon\nCP-2:hex:00ff\n")
    assert read_passwords(file) == {"CP-1": b"with:colon", "CP-2": b"\x00\xff"}


def test_a_certificate_request_is_signed_for_its_own_key() -> None:
    """The certificate has the subject and the key of the request, and the authority's signature."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP-1")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    authority = Authority()
    chain = authority.sign(request.public_bytes(serialization.Encoding.PEM).decode())
    certificate = x509.load_pem_x509_certificate(chain.encode())
    assert certificate.subject == subject
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.root.encode()))


def test_a_certificate_request_that_is_none_is_a_failure_of_the_charge_point() -> None:
    with pytest.raises(ExpectationError, match="the certificate signing request cannot be read"):
        Authority().sign("-----BEGIN CERTIFICATE-----")
