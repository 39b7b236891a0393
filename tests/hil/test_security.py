"""Security profiles: TLS on both sides, logins, bad certificates and passwords, and the memory for TLS."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms, Security
from rig.csms.authority import CertificateKind
from rig.device import Device, EvDriver
from rig.device.secured import KEY, Secured
from rig.faults import BadHandshake, ConnectionDrop
from rig.instruments.console import Console
from rig.instruments.outputs import Outputs
from rig.instruments.telemetry import Telemetry
from rig.timeline.events import LinkChange, PinEdge
from tests.hil.exact import about

NEW_KEY = bytes(range(0xC0, 0xD4))
BACKOFF = {"backoff_initial_ms": 1000, "backoff_max_ms": 1000}


def reason_on_console(console: Console, reason: str) -> None:
    """Expect the reason of a failed attempt on the console, and the announcement of another attempt."""
    console.expect(rf"W \(\d+\) ws: .*{reason}.*; next attempt in \d+ ms", timeout=60)


# -- the compliance cases of the OCPP 1.6 security whitepaper -------------------------------------------------------


def test_a_new_password_is_stored_and_used_at_once(secured: Secured, csms: Csms, device: Device) -> None:
    """TC_073: ChangeConfiguration AuthorizationKey is Accepted, and the device comes back with the new password."""
    with secured.on_profile(1):
        answer = csms.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": NEW_KEY.hex()})
        assert answer == {"status": "Accepted"}
        mark = csms.timeline.mark()
        with csms.secured(Security(1, {secured.identity: NEW_KEY})):
            csms.expect_connected(since=mark, timeout=30)
            device.wait_status(accepted=True)
            device.boot()
            device.wait_accepted()


def test_the_security_profile_is_raised_over_ocpp(secured: Secured, csms: Csms, device: Device) -> None:
    """TC_083: SecurityProfile from 1 to 2 is Accepted, and the device comes back with TLS."""
    with secured.on_profile(1), csms.secured(secured.server(profile=2)):
        mark = csms.timeline.mark()
        answer = csms.call("ChangeConfiguration", {"key": "SecurityProfile", "value": "2"})
        assert answer == {"status": "Accepted"}
        csms.expect_connected(since=mark, timeout=30)
        device.wait_status(accepted=True, security_profile=2)


def test_the_security_profile_is_never_lowered_over_ocpp(secured: Secured, csms: Csms, device: Device) -> None:
    """TC_084: a lower SecurityProfile is Rejected, and the connection stays."""
    with secured.on_profile(2):
        mark = csms.timeline.mark()
        answer = csms.call("ChangeConfiguration", {"key": "SecurityProfile", "value": "1"})
        assert answer == {"status": "Rejected"}
        csms.timeline.expect_none(LinkChange, since=mark, within=5)
        assert device.status()["security_profile"] == 2


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_each_profile_boots_to_accepted(secured: Secured, csms: Csms, device: Device, profile: int) -> None:
    """TC_085, TC_086, TC_087: a valid password, server certificate, client certificate."""
    with secured.on_profile(profile):  # type: ignore[arg-type]
        device.wait_status(accepted=True, connection_problem="none", security_profile=profile)
        csms.ping()


@pytest.mark.needs("inputs", "outputs")
@pytest.mark.parametrize("profile", [2, 3])
def test_a_charge_is_reported_over_tls(
    secured: Secured, csms: Csms, device: Device, driver: EvDriver, outputs: Outputs, console: Console, profile: int
) -> None:
    """A driver charges over TLS from plug to unplug; heartbeat and DataTransfer go both ways meanwhile."""
    with secured.on_profile(profile):  # type: ignore[arg-type]
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction", timeout=30)
        outputs["contactor"].expect(True)
        driver.draw(20).wait()
        assert csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
        csms.expect("Heartbeat")
        assert console.command("transfer org.example") == '{"status":"UnknownVendorId"}'
        driver.present_tag()
        csms.expect("StopTransaction", reason="Local", timeout=30)
        outputs["contactor"].expect(False)
        driver.unplug()
        csms.expect_status("Available")
        (transaction,) = csms.transactions
        transaction.check()


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reason", "problem"),
    [
        ("expired", "the certificate of the CSMS has expired", "certificate_expired"),
        ("not-yet-valid", "the certificate of the CSMS is not valid yet", "certificate_not_yet_valid"),
        ("wrong-name", "the certificate of the CSMS is for another host", "certificate_wrong_name"),
        ("unknown-root", "is not signed by a root that is installed", "certificate_unknown_root"),
        ("revoked", "the certificate of the CSMS is revoked", "certificate_revoked"),
    ],
)
def test_a_bad_certificate_of_the_csms_is_refused_with_the_reason(
    secured: Secured,
    bench: Bench,
    csms: Csms,
    device: Device,
    console: Console,
    kind: CertificateKind,
    reason: str,
    problem: str,
) -> None:
    """The device refuses such a certificate and reports the reason. Afterwards it connects to a good CSMS."""
    with secured.on_profile(2, **BACKOFF):
        bad = secured.authority.server(secured.host, kind=kind)
        if kind == "revoked":
            secured.install(crl=secured.authority.crl)
            device.wait_accepted()
        with csms.secured(secured.server(bad)):
            mark = bench.mark()
            with bench.inject(ConnectionDrop()):
                reason_on_console(console, reason)
                device.wait_status(connected=False, connection_problem=problem)
            assert bench.timeline.events(LinkChange, mark, lambda change: change.connected) == []
        device.wait_status(timeout=60, accepted=True, connection_problem="none")


def test_without_a_root_no_certificate_is_trusted(secured: Secured, device: Device, console: Console) -> None:
    """A device on profile 2 whose root is gone does not connect, and reports that the root is missing."""
    with secured.on_profile(2, **BACKOFF):
        secured.install(root=b"")
        reason_on_console(console, "no root certificate is installed")
        secured.install()
        device.wait_accepted()


def test_a_wrong_password_is_refused_by_the_csms(
    secured: Secured, csms: Csms, device: Device, console: Console
) -> None:
    """HTTP 401 is an event with the reason on the CSMS's side, and a line on the device's."""
    with secured.on_profile(1, **BACKOFF):
        secured.install(auth_key=bytes(reversed(KEY)))
        csms.expect_refused("its password of 18 bytes is not that of", timeout=60)
        reason_on_console(console, r"HTTP 401")
        secured.install()
        device.wait_accepted()


@pytest.mark.parametrize("kind", ["expired", "unknown-root"])
def test_a_bad_client_certificate_is_refused_by_the_csms(
    secured: Secured, csms: Csms, device: Device, console: Console, kind: CertificateKind
) -> None:
    """Both sides report the reason."""
    with secured.on_profile(3, **BACKOFF):
        bad = secured.authority.client(secured.identity, kind)
        secured.install(client_chain=bad.chain, client_key=bad.key)
        csms.expect_refused("the client's certificate is rejected", timeout=60)
        reason_on_console(console, "the CSMS rejected the handshake with alert")
        secured.install()
        device.wait_accepted()


def test_the_authorization_key_can_be_written_and_never_read(secured: Secured, csms: Csms) -> None:
    """GetConfiguration names the key without a value; one of a wrong length or form is Rejected."""
    answer = csms.call("GetConfiguration", {"key": ["AuthorizationKey"]})
    assert answer == {"configurationKey": [{"key": "AuthorizationKey", "readonly": False}]}
    for value in ("00" * 15, "00" * 21, "0" * 33, "x" * 32):
        answer = csms.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": value})
        assert answer == {"status": "Rejected"}


@pytest.mark.parametrize("profile", ["1", "2", "3"])
def test_a_profile_that_lacks_something_is_rejected(
    secured: Secured, csms: Csms, console: Console, profile: str
) -> None:
    """A device without key, root and client certificate keeps its profile, and names the missing one."""
    secured.forget()
    secured.device.wait_accepted()
    answer = csms.call("ChangeConfiguration", {"key": "SecurityProfile", "value": profile})
    assert answer == {"status": "Rejected"}
    console.expect(rf"SecurityProfile to {profile}, which is rejected: it needs an? ")


# -- time -----------------------------------------------------------------------------------------------------------


def test_a_cold_boot_without_the_time_connects_and_judges_the_certificate_afterwards(
    secured: Secured, csms: Csms, device: Device, console: Console
) -> None:
    """A certificate that is not valid yet is accepted until the CSMS has sent the time, and rejected afterwards."""
    with secured.on_profile(2, **BACKOFF):
        early = secured.authority.server(secured.host, kind="not-yet-valid")
        with csms.secured(secured.server(early)):
            since = csms.timeline.mark()
            device.boot()
            csms.expect_connected(since=since)
            console.expect(r"security: the time is at least .*; until the CSMS sends it", since=since)
            reason_on_console(console, "the certificate of the CSMS is not valid yet")
        device.wait_status(timeout=60, accepted=True)


@pytest.mark.parametrize("wrong", ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2021-01-01T00:00:00Z"])
def test_a_wrong_time_over_tls_does_not_lock_the_csms_out(
    secured: Secured, csms: Csms, device: Device, wrong: str
) -> None:
    """A currentTime at which the CSMS's own certificate is not valid is not used: the next connection is trusted."""
    with secured.on_profile(2, **BACKOFF):
        csms.answer("Heartbeat", {"currentTime": wrong}, times=1)
        assert csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
        csms.expect("Heartbeat")
        csms.ping()
        mark = csms.timeline.mark()
        csms.close()
        csms.expect_connected(since=mark, timeout=60)
        device.wait_status(accepted=True)


@pytest.mark.needs("power")
def test_a_wrong_time_at_a_cold_boot_is_not_kept(
    secured: Secured, bench: Bench, csms: Csms, device: Device, console: Console
) -> None:
    """The first currentTime is of 2099: the connection is lost with the reason, and the right time is taken later."""
    with secured.on_profile(2, **BACKOFF):
        wrong = {"status": "Accepted", "currentTime": "2099-01-01T00:00:00Z", "interval": 300}
        csms.answer("BootNotification", wrong, times=1)
        since = csms.timeline.mark()
        with device.expecting_reboot():
            bench.power.cycle()
            console.expect("the certificate of the CSMS has expired", since=since, timeout=60)
            bench.power.cycle()
        device.wait_status(timeout=60, accepted=True, connection_problem="none")


# -- costs ------------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)  # in real time, each session lasts until the next telemetry record, 1 s
def test_no_leak_over_200_reconnects_with_tls(
    secured: Secured, bench: Bench, csms: Csms, device: Device, telemetry: Telemetry
) -> None:
    """200 TLS sessions: the device loses no memory per session."""
    with secured.on_profile(2, backoff_initial_ms=100, backoff_max_ms=100):
        start = bench.mark()
        for _ in range(200):
            mark = bench.mark()
            csms.close(1001, "reconnect")
            csms.expect_connected(since=mark)
            device.wait_status(connected=True)
            telemetry.expect(1)
        telemetry.no_leak(per="reconnect", over=199, since=start)


@pytest.mark.needs("test_hooks")
def test_a_largest_block_too_small_for_tls_is_reported_and_ocpp_returns_with_room(
    secured: Secured, bench: Bench, csms: Csms, device: Device, console: Console
) -> None:
    """TLS needs a block of 16 KB. Without one the device reports that, and it connects when there is one again."""
    with secured.on_profile(2, **BACKOFF):
        csms.close(1001, "reconnect")
        assert console.command("largest_block 12000") == "ok"
        reason_on_console(console, r"TLS: not enough memory in one block: 16\d\d\d bytes are needed, the largest")
        device.wait_status(connection_problem="no_memory")
        assert console.command("largest_block 0") == "ok"
        device.wait_status(timeout=60, accepted=True, connection_problem="none")


@pytest.mark.needs("test_hooks", "inputs", "outputs")
def test_a_fragmented_heap_ends_no_charge_and_loses_no_message(
    secured: Secured,
    bench: Bench,
    csms: Csms,
    device: Device,
    driver: EvDriver,
    outputs: Outputs,
    console: Console,
    telemetry: Telemetry,
) -> None:
    """Much memory is free, but no block for TLS: the open session goes on, and a charge without one is reported later.

    After its start the device itself needs no memory. Only TLS needs memory, for a new session.
    """
    with secured.on_profile(2, **BACKOFF):
        assert console.command("largest_block 12000") == "ok"
        record = telemetry.expect(2)[-1]
        assert record.values["heap_largest"] <= 12_000 < 4 * 12_000 < record.values["heap_free"]
        assert record.values["heap_min"] <= record.values["heap_free"]
        driver.start_charge(csms)
        csms.close(1001, "reconnect")
        # The session frees its block. Another part of the program takes the block before the next attempt.
        assert console.command("largest_block 12000") == "ok"
        reason_on_console(console, "not enough memory in one block")
        outputs["contactor"].expect_steady(True, within=30)
        driver.draw(25).wait()
        driver.present_tag()
        outputs["contactor"].expect(False)
        driver.unplug()
        assert console.command("largest_block 0") == "ok"
        csms.expect("StopTransaction", timeout=60)
        assert csms.transactions[-1].energy_wh == 25
        device.wait_status(timeout=60, queue=0)


# -- ends of connections ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001, 1012])
def test_a_closed_tls_session_is_replaced(secured: Secured, bench: Bench, csms: Csms, code: int) -> None:
    """The CSMS closes the WebSocket over TLS with a code, then TLS: the device connects again."""
    with secured.on_profile(2, **BACKOFF):
        mark = bench.mark()
        csms.close(code, "")
        csms.expect_connected(since=mark, timeout=30)


def test_a_connection_that_ends_right_after_the_tls_handshake_is_replaced(
    secured: Secured, bench: Bench, csms: Csms, device: Device
) -> None:
    """The CSMS closes each connection after its TLS handshake, without an answer: the device goes on trying."""
    with secured.on_profile(2, **BACKOFF):
        with bench.inject(BadHandshake("close")):
            device.wait_status(timeout=60, connected=False)
            device.let_time_pass(10)
        device.wait_status(timeout=60, connected=True, accepted=True, connection_problem="none")


def test_a_connection_that_ends_during_the_tls_handshake_is_replaced(
    secured: Secured, bench: Bench, csms: Csms, device: Device, console: Console
) -> None:
    """The connection is reset while the CSMS owes its part of the TLS handshake: the device connects again at once."""
    with secured.on_profile(2, **BACKOFF):
        with csms.silence(), bench.inject(ConnectionDrop()):
            device.wait_status(timeout=60, connected=False)
            device.let_time_pass(5)  # the backoff of a second is over: a handshake is pending, for 30 s at most
            mark = bench.mark()
            with bench.inject(ConnectionDrop()):
                console.expect(r"ws: .*; next attempt in \d+ ms", since=mark, timeout=2)
        device.wait_status(timeout=60, connected=True, accepted=True)


@pytest.mark.needs("inputs", "outputs")
def test_a_silent_tls_handshake_delays_no_contactor(
    secured: Secured, bench: Bench, csms: Csms, device: Device, driver: EvDriver, outputs: Outputs, console: Console
) -> None:
    """60 s in which the CSMS answers no ClientHello: a driver starts a charge, the contactor closes at once."""
    with secured.on_profile(2, **BACKOFF):
        with csms.silence(), bench.inject(ConnectionDrop()):
            device.wait_status(timeout=60, connected=False)
            driver.plug_in()
            mark = bench.mark()
            driver.present_tag()
            closed = outputs["contactor"].expect(True, since=mark)
            pressed = bench.timeline.events(PinEdge, mark, lambda e: e.signal == "inputs.auth_button" and e.level)[0]
            assert bench.clock.between(pressed.t, closed.t) == about(bench, 0, 0.2)
            device.let_time_pass(60)
            console.expect(r"ws: TLS: the handshake took too long", timeout=1)
        device.wait_status(timeout=60, connected=True)
        csms.expect("StartTransaction", timeout=30)
        driver.present_tag()
        csms.expect("StopTransaction", timeout=30)
        driver.unplug()
