"""`rig doctor --wiring`: uses each wire once, and compares the reaction of the device with the expected one.

It needs firmware that behaves as docs/design.md#signals describes, with the console of our firmware.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rig.bench import Bench
from rig.bench.project import bench_root, load_for
from rig.device import Device, EvDriver
from rig.util.errors import BenchError, DeviceError, ExpectationError

_POWER = "power.switch"
_PULSES = 20
_LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """The check of one wire.

    Attributes:
        wire: the signal.
        action: the action of the bench in words, for the terminal.
        check: performs the action; raises DeviceError or ExpectationError if the device reacts in another way.
        after: the wires that must work before this check makes sense.
    """

    wire: str
    action: str
    check: Callable[[], object]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WireResult:
    """The result of one wire.

    Attributes:
        wire: the signal.
        action: the action in words.
        problem: the wrong reaction; empty if there was none.
        skipped: why the wire was not tried; empty if it was tried.
    """

    wire: str
    action: str
    problem: str = ""
    skipped: str = ""

    @property
    def line(self) -> str:
        """The result as a line of the terminal."""
        if self.skipped:
            return f"-    {self.wire:22} not tried: it {self.skipped}"
        return f"{'BAD' if self.problem else 'ok '}  {self.wire:22} {self.action}{self.problem and ': '}{self.problem}"


def check_wiring(path: Path, root: Path) -> Iterator[WireResult]:
    """Flash the board and try each wire that the description has.

    Args:
        path: the bench description.
        root: the project's folder.

    Raises:
        BenchError: the bench cannot be opened.
    """
    with Bench(load_for(root, path), root=bench_root(root)) as bench, contextlib.closing(Device(bench)) as device:
        present = {str(signal) for signal, _ in bench.description.wires()}
        sound: set[str] = set()
        for step in _steps(bench, device):
            if step.wire not in present:
                continue
            needed = [wire for wire in (_POWER, *step.after) if wire != step.wire and wire not in sound]
            if needed:
                yield WireResult(step.wire, step.action, skipped=f"needs {', '.join(needed)}")
                continue
            seen = _levels(bench)
            try:
                step.check()
            except (DeviceError, ExpectationError, BenchError) as error:
                changed = [wire for wire, level in _levels(bench).items() if level != seen[wire] and wire != step.wire]
                other = f"; instead {' and '.join(changed)} changed" if changed else ""
                yield WireResult(step.wire, step.action, f"{str(error).splitlines()[0]}{other}")
                bench.inputs.to_rest()
            else:
                sound.add(step.wire)
                yield WireResult(step.wire, step.action)


def _levels(bench: Bench) -> dict[str, bool]:
    """Return the outputs that are on, by signal."""
    return {f"outputs.{output.name}": output.level for output in bench.outputs}


def _steps(bench: Bench, device: Device) -> list[Step]:
    inputs, outputs, leds, driver = bench.inputs, bench.outputs, bench.leds, EvDriver(bench.inputs)

    def boots() -> None:
        device.flash(fresh=True)
        device.wait_accepted()
        device.wait_status(accepted=True, state="Available", timeout=_LOOK_S)

    def resets() -> None:
        with device.expecting_reboot():
            since = bench.mark()
            bench.power.hold_reset(True)
            bench.power.hold_reset(False)
            device.wait_ready(since)
        device.wait_status(accepted=True, timeout=device.ACCEPTED_TIMEOUT_S)

    def changes_state(name: str, on: str) -> None:
        inputs[name].on()
        device.wait_status(state=on, timeout=_LOOK_S)
        inputs[name].off()
        device.wait_status(state="Available", timeout=_LOOK_S)

    def is_lit_while_stopped() -> None:
        inputs["emergency_stop"].on()
        leds["fault"].expect("on", timeout=_LOOK_S)
        inputs["emergency_stop"].off()
        leds["fault"].expect("off", timeout=_LOOK_S)

    def in_a_charge(check: Callable[[], object], *, draws: bool = True) -> Callable[[], None]:
        def charge() -> None:
            device.wait_status(state="Available", timeout=_LOOK_S)
            driver.plug_in(draws=draws)
            device.wait_status(state="Preparing", timeout=_LOOK_S)
            driver.present_tag()
            device.wait_status(state="Charging" if draws else "SuspendedEV", timeout=_LOOK_S)
            check()
            driver.unplug()
            device.wait_status(state="Available", timeout=_LOOK_S)

        return charge

    def draws() -> None:
        inputs["vehicle_ready"].on()
        device.wait_status(state="Charging", timeout=_LOOK_S)

    def counts() -> None:
        before = device.status()["energy_wh"]
        driver.draw(_PULSES, hz=20).wait()
        device.wait_status(energy_wh=before + _PULSES, timeout=_LOOK_S)

    def keeps_the_lock_closed() -> None:
        inputs["lock_feedback"].on()
        answer = bench.csms.call("UnlockConnector", {"connectorId": 1}, timeout=30)
        inputs["lock_feedback"].off()
        if answer != {"status": "UnlockFailed"}:
            raise DeviceError(f"the device answered {answer} to UnlockConnector, although the contact says locked")

    def warns() -> None:
        inputs["power_fail"].on()
        outputs["contactor"].expect(False, timeout=_LOOK_S)
        inputs["power_fail"].off()

    charge = ("inputs.cable", "inputs.auth_button")
    drawing = (*charge, "inputs.vehicle_ready")
    return [
        Step(_POWER, "flash the board and wait until the CSMS has accepted it", boots),
        Step("control.en", "reset the chip", resets),
        Step(
            "inputs.emergency_stop",
            "press the stop, and release it",
            lambda: changes_state("emergency_stop", "Faulted"),
        ),
        Step("leds.fault", "press the stop", is_lit_while_stopped, ("inputs.emergency_stop",)),
        Step("leds.status", "look at it while the connector is Available", lambda: leds["status"].expect("on")),
        Step("leds.network", "look at it while the CSMS has accepted", lambda: leds["network"].expect("on")),
        Step("inputs.lock_feedback", "close it, and have the CSMS unlock the connector", keeps_the_lock_closed),
        Step("inputs.cable", "plug in", lambda: changes_state("cable", "Preparing")),
        Step("inputs.auth_button", "plug in, and press it", in_a_charge(lambda: None, draws=False), ("inputs.cable",)),
        Step("outputs.lock", "charge", in_a_charge(lambda: outputs["lock"].expect(True), draws=False), charge),
        Step("inputs.vehicle_ready", "let the vehicle draw", in_a_charge(draws, draws=False), charge),
        Step("outputs.contactor", "charge", in_a_charge(lambda: outputs["contactor"].expect(True)), drawing),
        Step("inputs.meter_pulse", f"send {_PULSES} pulses", in_a_charge(counts), drawing),
        Step("inputs.power_fail", "fail in a charge", in_a_charge(warns), (*drawing, "outputs.contactor")),
    ]
