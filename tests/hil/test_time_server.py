"""The time server (SNTP): the time of a device that has not reached the CSMS, and the certificates that it judges."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.device.secured import Secured
from rig.faults import CsmsGone, TimeServerGone, TimeServerJump, TimeServerSlow
from rig.faults.fault import Fault
from rig.instruments.console import Console
from rig.timeline.events import LinkChange, LogLine

pytestmark = pytest.mark.needs("stepped_time", "test_hooks")

NTP = {"ntp_server": "ntp.example"}
TEN_YEARS_S = 10 * 365 * 86_400
SEVENTY_YEARS_S = 7 * TEN_YEARS_S
"""Later than the end of every certificate, and before 2100."""


def boot_new(device: Device, bench: Bench) -> None:
    """Boot from an empty flash, so that the device knows no time."""
    mark = bench.mark()
    device.flash(fresh=True, settings=NTP)
    device.wait_ready(mark)


def charge(device: Device, bench: Bench, driver: EvDriver) -> tuple[datetime, datetime]:
    """Charge for two minutes without the CSMS. Returns the times of start and stop."""
    driver.plug_in()
    began = bench.clock.utc()
    driver.present_tag()
    device.wait_status(state="Charging")
    device.let_time_pass(120)
    ended = bench.clock.utc()
    driver.present_tag()
    device.wait_status(state="Finishing")
    return began, ended


def check_times(csms: Csms, began: datetime, ended: datetime, seconds: float) -> None:
    """Expect the only transaction to have these times, with an error of at most `seconds`."""
    csms.expect("StopTransaction", timeout=200)
    (transaction,) = csms.transactions
    transaction.check()
    for message, true_time in ((transaction.start, began), (transaction.stop, ended)):
        error = datetime.fromisoformat(message["timestamp"]) - true_time
        assert abs(error) <= timedelta(seconds=seconds), message["timestamp"]


@pytest.mark.needs("inputs")
@pytest.mark.parametrize(("delay_ms", "error_s"), [(0, 1), (5_000, 6)])
def test_a_charge_of_a_boot_without_csms_is_dated(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, delay_ms: int, error_s: int
) -> None:
    """The CSMS returns after a charge of a new device and a reboot: start and stop have their own times."""
    with device.expecting_reboot(), bench.inject(CsmsGone()):
        if delay_ms:
            with bench.inject(TimeServerSlow(delay_ms)):
                boot_new(device, bench)
                device.wait_status(time_quality="sntp", timeout=10)
        else:
            boot_new(device, bench)
            device.wait_status(time_quality="sntp", time_server="used")
        began, ended = charge(device, bench, driver)
        device.let_time_pass(60)
        device.boot()
    check_times(csms, began, ended, error_s)


@pytest.mark.needs("inputs")
def test_a_charge_before_the_answer_is_dated_when_it_comes(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """The time server answers after a charge. A reboot follows, then the CSMS returns: the times are right."""
    with device.expecting_reboot(), bench.inject(CsmsGone()):
        with bench.inject(TimeServerGone()):
            boot_new(device, bench)
            began, ended = charge(device, bench, driver)
            assert device.status()["time_quality"] == "none"
        device.wait_status(time_quality="sntp", timeout=300)
        device.let_time_pass(60)
        device.boot()
    check_times(csms, began, ended, 1)


@pytest.mark.needs("inputs")
@pytest.mark.parametrize(
    ("fault", "state", "quality", "line"),
    [
        (TimeServerJump(TEN_YEARS_S), "used", "sntp", "sent 2035-"),
        (TimeServerJump(-TEN_YEARS_S), "unusable", "none", "which is not used: expected a time from 2020 to 2100"),
        (TimeServerGone(), "silent", "none", "has not answered for 60 s"),
        (TimeServerSlow(20_000), "silent", "none", "has not answered for 60 s"),
    ],
    ids=["years-ahead", "years-behind", "gone", "too-slow"],
)
def test_a_bad_time_server_is_reported_once_and_the_csms_dates_the_charge(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, fault: Fault, state: str, quality: str, line: str
) -> None:
    """A charge begins with a wrong time or none. The CSMS returns in the same boot: the times are right."""
    with device.expecting_reboot(), bench.inject(fault):
        mark = bench.mark()
        with bench.inject(CsmsGone()):
            boot_new(device, bench)
            device.let_time_pass(70)
            device.wait_status(time_server=state, time_quality=quality)
            began, ended = charge(device, bench, driver)
            device.let_time_pass(600)
        check_times(csms, began, ended, 1)
        assert device.status()["time_quality"] == "csms"
        lines = bench.timeline.events(LogLine, mark, lambda event: "the time server ntp.example " in event.text)
        assert len([event for event in lines if line in event.text]) == 1


# -- certificates -----------------------------------------------------------------------------------------------------


def boot_new_on_tls(
    secured: Secured, device: Device, bench: Bench, backoff_max_ms: int = 1000, ntp_server: str = NTP["ntp_server"]
) -> None:
    """Boot with security profile 2, secrets, a time server, and storage without a last known time."""
    secured.install()
    mark = bench.mark()
    settings = {"security_profile": 2, "backoff_initial_ms": 1000, "backoff_max_ms": backoff_max_ms}
    device.flash(settings=settings | {"ntp_server": ntp_server})
    device.wait_ready(mark)


def test_a_cold_boot_without_a_time_server_connects_and_reports_the_missing_time_once(
    secured: Secured, bench: Bench, csms: Csms, device: Device, console: Console
) -> None:
    """No attempt repeats the report. The time of the CSMS is the lower limit after the next restart."""
    expired = secured.authority.server(secured.host, kind="expired")
    with csms.secured(secured.server()), device.expecting_reboot():
        mark = bench.mark()
        with bench.inject(CsmsGone()):
            boot_new_on_tls(secured, device, bench, ntp_server="")
            device.let_time_pass(60)
        device.wait_status(timeout=60, accepted=True, time_quality="csms")
        lines = [event.text for event in bench.timeline.events(LogLine, mark)]
        assert len([line for line in lines if " ws: " in line and "next attempt in" in line]) >= 30
        assert len([line for line in lines if "security: the time is at least 2020-01-01" in line]) == 1
        with csms.secured(secured.server(expired)):
            mark = bench.mark()
            device.boot()
            console.expect("ws: TLS: the certificate of the CSMS has expired", since=mark, timeout=30)
            device.wait_status(connected=False, time_quality="last_known")


def test_a_cold_boot_with_a_time_server_connects(secured: Secured, bench: Bench, csms: Csms, device: Device) -> None:
    """The clock begins at 1970: the certificate of the CSMS is judged by the time server, and is good."""
    with csms.secured(secured.server()), device.expecting_reboot():
        boot_new_on_tls(secured, device, bench)
        device.wait_status(timeout=60, accepted=True, time_quality="csms", connection_problem="none")


def test_an_expired_certificate_is_refused_at_a_cold_boot(
    secured: Secured, bench: Bench, csms: Csms, device: Device, console: Console
) -> None:
    """Without a known time only the time server shows that it has expired: no login and no message is sent."""
    expired = secured.authority.server(secured.host, kind="expired")
    with csms.secured(secured.server(expired)), device.expecting_reboot():
        mark = bench.mark()
        boot_new_on_tls(secured, device, bench)
        console.expect("ws: TLS: the certificate of the CSMS has expired", since=mark, timeout=30)
        device.wait_status(connected=False, connection_problem="certificate_expired", time_quality="sntp")
        assert bench.timeline.events(LinkChange, mark, lambda change: change.connected) == []


def test_a_time_server_that_is_years_ahead_keeps_the_device_away_only_until_it_is_right(
    secured: Secured, bench: Bench, csms: Csms, device: Device
) -> None:
    """A wrong time makes a good certificate look expired. The next answer is right, and the device connects."""
    with csms.secured(secured.server()), device.expecting_reboot():
        with bench.inject(TimeServerJump(SEVENTY_YEARS_S)):
            # In the hour until the next answer, an attempt each second would be 3,600 handshakes.
            boot_new_on_tls(secured, device, bench, backoff_max_ms=120_000)
            device.wait_status(timeout=60, connection_problem="certificate_expired")
        device.let_time_pass(3600)
        device.wait_status(timeout=300, accepted=True, connection_problem="none")
        device.boot()
        device.wait_status(timeout=60, accepted=True)
