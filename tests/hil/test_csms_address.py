"""Changes of the CSMS's address and of its protection, which take effect without a restart and can be reverted."""

from __future__ import annotations

import json

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.device.secured import Secured
from rig.faults import HttpRefusal
from rig.instruments.console import Console

pytestmark = pytest.mark.needs("stepped_time")

TAKEN_BACK = "config: the changed csms_url, identity and security_profile have not worked in time"
TRIAL_S = 120
"""The time with a network in which a changed CSMS must accept the device (`CsmsTrial::kLimit`)."""


def url_in(console: Console) -> str:
    """Return the device's setting `csms_url`."""
    return str(json.loads(console.command("config"))["csms_url"])


def test_another_address_is_used_without_a_restart(device: Device, console: Console, csms: Csms) -> None:
    """Another address takes effect without a restart, with a BootNotification for the other CSMS, and stays."""
    before = url_in(console)
    console.command(f"set csms_url {before}/elsewhere")
    csms.expect_connected(timeout=10)
    csms.expect("BootNotification")
    device.wait_status(accepted=True, connected=True)
    device.let_time_pass(2 * TRIAL_S)
    assert url_in(console) == f"{before}/elsewhere"
    console.command(f"set csms_url {before}")
    csms.expect_connected(timeout=10)
    device.wait_status(accepted=True, connected=True)


def test_an_address_that_is_not_reached_is_reverted(device: Device, console: Console, csms: Csms) -> None:
    """An address where nobody listens is reverted after its time, and the device is accepted again."""
    before = url_in(console)
    console.command("set csms_url ws://127.0.0.1:1/nobody")
    csms.expect_disconnected(timeout=5)
    device.let_time_pass(TRIAL_S - 10)
    assert url_in(console).endswith("/nobody")
    console.expect(TAKEN_BACK, timeout=15)
    csms.expect_connected(timeout=10)
    device.wait_status(accepted=True)
    assert url_in(console) == before


@pytest.mark.needs("power")
def test_a_power_cut_does_not_end_the_trial_of_an_address(
    device: Device, bench: Bench, console: Console, csms: Csms
) -> None:
    """The power fails while a wrong address is tried: after the restart it is reverted all the same."""
    before = url_in(console)
    console.command("set csms_url ws://127.0.0.1:1/nobody")
    with device.expecting_reboot():
        bench.power.cycle()
        csms.expect_connected(timeout=TRIAL_S + 20)
    device.wait_accepted()
    assert url_in(console) == before


def test_a_raised_security_profile_that_cannot_connect_falls_back(
    device: Device, secured: Secured, console: Console, csms: Csms
) -> None:
    """SecurityProfile is raised to 2, but the CSMS has no TLS: the device returns to profile 1."""
    with secured.on_profile(1):
        answer = csms.call("ChangeConfiguration", {"key": "SecurityProfile", "value": "2"})
        assert answer == {"status": "Accepted"}
        csms.expect_disconnected(timeout=5)
        console.expect(TAKEN_BACK, timeout=TRIAL_S + 10)
        csms.expect_connected(timeout=10)
        assert device.wait_status(accepted=True)["security_profile"] == 1


def test_a_pause_that_the_server_asks_for_is_kept(device: Device, bench: Bench, console: Console, csms: Csms) -> None:
    """A refusal with Retry-After: the device reconnects no earlier, and not much later."""
    device.configure(backoff_initial_ms=500, backoff_max_ms=1000)
    mark = bench.mark()
    with bench.inject(HttpRefusal(503, retry_after_s=120)):
        refused = console.expect(r"HTTP 503\); next attempt in \d+ ms", since=mark)
    again = console.expect("ws: connecting to ", since=bench.mark(), timeout=130)
    assert 120 <= bench.clock.between(refused.t, again.t) <= 121
    csms.expect_connected()
