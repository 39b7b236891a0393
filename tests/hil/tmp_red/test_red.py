"""Red tests to look at."""
import pytest
from rig.faults import *
def test_wrong_led(device, leds, driver):
    """The LED of a plugged-in cable blinks at 4 Hz."""
    driver.plug_in()
    rate = 4
    leds.status.expect("blink", rate_hz=rate, timeout=6)
def test_wrong_payload(device, driver, csms):
    """Plugging in reports Charging."""
    mark = device.bench.mark()
    driver.plug_in()
    wanted = {"status": "Charging"}
    csms.expect("StatusNotification", charge_point=None, since=mark, timeout=3, **wanted)
def test_author(device, outputs):
    """An author's mistake."""
    limit = None
    assert 3 < limit
def test_assert(device, csms):
    """A plain assert."""
    got = csms.call("ClearCache", {})
    assert got == {"status": "Rejected"}
def test_latency(device, bench, csms):
    """A slow network."""
    from rig.faults.network import Latency
    with bench.inject(Latency(0.3)):
        csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}, timeout=10)
        csms.expect("Heartbeat")
    assert bench is None
def test_bench(device, bench):
    """The bench breaks."""
    from rig.util.errors import BenchError
    raise BenchError("the serial port /dev/ttyUSB0 vanished", "Check its cable")
def test_busy(device, measure, bench, request):
    """The machine was too busy."""
    pytest.skip("not measurable: the machine had no processor for 40 ms of 20 ms")
def test_contactor(device, outputs):
    """No contactor."""
    outputs.contactor.expect(True, timeout=2)
