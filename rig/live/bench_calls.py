"""The calls of a whole bench, by name: each runs one public method of an instrument."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from rig.adapters.stored_log import read_log
from rig.bench import Bench
from rig.device import Device
from rig.faults import Fault
from rig.firmware.build import firmware
from rig.firmware.core_dump_file import save_core_dump
from rig.instruments.network import Milliseconds
from rig.instruments.proxy import Admission
from rig.live.calls import Call, Caller
from rig.live.csms_calls import CsmsCalls
from rig.live.fault_calls import FaultCalls
from rig.live.files_calls import FilesCalls
from rig.timeline.events import FaultInjected
from rig.util.checked import Count, Limits, Seconds, Text
from rig.util.errors import WaitEndedError

_DEFAULT_FIRMWARE = ""
"""The firmware of the bench description."""


class BenchCalls:
    """The calls of a bench. The bench may be closed and opened again meanwhile.

    Args:
        bench: the bench.
        device: the device on it; announces the reboots that faults cause.
        may_reopen: whether a client may close and open the bench. A session of pytest does that itself.
    """

    def __init__(self, bench: Bench, device: Device, *, may_reopen: bool) -> None:
        self._bench = bench
        self._device = device
        self._may_reopen = may_reopen
        self.faults = FaultCalls(
            self._inject,
            possible=lambda kind: kind.needs <= self._capabilities,
            lacks=lambda kind: sorted(kind.needs - self._capabilities),
        )

    def table(self) -> dict[str, Call]:
        """Return the calls by name."""
        return {
            "power.on": Call(self.power_on),
            "power.off": Call(self.power_off),
            "power.cycle": Call(self.power_cycle),
            "power.reset": Call(self.power_reset),
            "input.set": Call(self.input_set),
            "input.press": Call(self.input_press, waits=True),
            "input.pulses": Call(self.input_pulses, waits=True),
            "input.rest": Call(self.input_rest),
            "console.send": Call(self.console_send),
            "console.take": Call(self.console_take),
            "network.up": Call(self.network_up),
            "network.down": Call(self.network_down),
            "network.drop": Call(self.network_drop),
            "network.latency": Call(self.network_latency),
            "network.black_hole": Call(self.network_black_hole),
            "network.admit": Call(self.network_admit),
            **self.faults.table(),
            **({"reopen": Call(self.reopen)} if self._may_reopen else {}),
            "device.up": Call(self.device_up),
            "flash": Call(self.flash),
            "core_dump": Call(self.core_dump),
            "stored_log": Call(self.stored_log),
            "restore": Call(self.restore),
            **CsmsCalls(lambda: self._bench.csms).table(),
            **FilesCalls(lambda: self._bench.files).table(),
        }

    # -- power and pins -------------------------------------------------------------------------------------------

    def power_on(self, _caller: Caller) -> None:
        """Switch the board's supply on."""
        self._bench.power.on()

    def power_off(self, _caller: Caller) -> None:
        """Switch the board's supply off."""
        self._bench.power.off()

    def power_cycle(self, _caller: Caller) -> None:
        """Switch the board's supply off and on again."""
        self._bench.power.cycle()

    def power_reset(self, _caller: Caller) -> None:
        """Press the reset button: EN low and high again."""
        power = self._bench.power
        power.hold_reset(True)
        power.hold_reset(False)

    def input_set(self, _caller: Caller, name: Text, on: bool) -> None:
        """Set an input on or off."""
        self._bench.inputs[name].set(on)

    def input_press(self, _caller: Caller, name: Text, seconds: Seconds = 0.1) -> None:
        """Switch an input on, and off again after some seconds."""
        self._bench.inputs[name].press(seconds)

    def input_pulses(
        self, _caller: Caller, name: Text, count: Count, hz: Annotated[float, Limits(above=0, most=1e6)] = 10.0
    ) -> dict[str, int]:
        """Send pulses on an input, and wait for their end."""
        train = self._bench.inputs[name].train(count, hz)
        try:
            return {"sent": train.wait()}
        except WaitEndedError:
            with contextlib.suppress(WaitEndedError):
                train.stop()
            raise

    def input_rest(self, _caller: Caller) -> None:
        """Return every input to its rest state."""
        self._bench.inputs.to_rest()

    # -- console and network --------------------------------------------------------------------------------------

    def console_send(self, _caller: Caller, text: str) -> None:
        """Send a line to the device's console."""
        self._bench.console.take()
        self._bench.console.send(text)

    def console_take(self, _caller: Caller) -> None:
        """Reopen the serial port, which a pause has released for other programs."""
        self._bench.console.take()

    def network_up(self, _caller: Caller) -> None:
        """Switch the access point on."""
        self._bench.network.up()

    def network_down(self, _caller: Caller) -> None:
        """Switch the access point off."""
        self._bench.network.down()

    def network_drop(self, _caller: Caller) -> dict[str, int]:
        """Reset all TCP connections now."""
        return {"dropped": self._bench.network.drop_connections()}

    def network_latency(self, _caller: Caller, ms: Milliseconds, jitter_ms: Milliseconds = 0.0) -> None:
        """Delay all data each way by some milliseconds; 0 stops that."""
        self._bench.network.latency(ms, jitter_ms)

    def network_black_hole(self, _caller: Caller, on: bool) -> None:
        """Hold back all data both ways, or stop that."""
        self._bench.network.black_hole(on)

    def network_admit(self, _caller: Caller, admission: Admission) -> None:
        """Accept, refuse or ignore attempts to connect to the CSMS."""
        self._bench.network.admit(admission)

    # -- faults ---------------------------------------------------------------------------------------------------

    @property
    def _capabilities(self) -> frozenset[str]:
        return self._bench.capabilities if self._bench.is_open else frozenset()

    @contextlib.contextmanager
    def _inject(self, fault: Fault) -> Iterator[FaultInjected]:
        rebooting = self._device.expecting_reboot() if fault.reboots else contextlib.nullcontext()
        with rebooting, self._bench.inject(fault) as injected:
            yield injected

    # -- the device -----------------------------------------------------------------------------------------------

    def device_up(self, caller: Caller) -> None:
        """Flash the device if necessary, boot it, and wait until it is idle."""
        caller.report({"doing": "bringing the device up"})
        self._bench.console.take()
        self._device.make_idle()

    def reopen(self, caller: Caller) -> None:
        """Close the bench and open it again, for example after its serial port has vanished. Bring the device up."""
        self.faults.lift_all()
        caller.report({"doing": "opening the bench again"})
        self._bench.reopen()
        self.device_up(caller)

    def flash(self, caller: Caller, image: str = _DEFAULT_FIRMWARE, folder: str = "") -> dict[str, Any]:
        """Write the parts of a firmware that differ from the flash, verify them, and boot the device."""
        bench = self._bench
        source = image or bench.description.device.firmware
        if not image:
            source = source if source == "host" else str(bench.root / source)
        elif source != "host":
            source = str(Path(folder, source)) if folder else source
        caller.report({"doing": "reading the image"})
        found = self._device.firmware if not image else firmware(source, bench.root)
        bench.power.on()
        written = bench.flasher.update(found.manifest, lambda part: caller.report(part))
        return {"image": source, "parts": written}

    def core_dump(self, caller: Caller) -> dict[str, Any]:
        """Save the core dump in the board's flash to a new file; `file` is empty if the device has written none."""
        caller.report({"doing": "reading the flash"})
        self._bench.power.on()
        dump = self._device.core_dump()
        if dump is None:
            return {"file": ""}
        return {"file": str(save_core_dump(self._bench.logs, dump).resolve())}

    def stored_log(self, caller: Caller) -> dict[str, Any]:
        """Return the log in the board's flash: `lines`, `crash`, and `gaps` (numbers of damaged or missing files)."""
        caller.report({"doing": "reading the flash"})
        self._bench.power.on()
        return asdict(read_log(self._device.read_storage()))

    def restore(self, _caller: Caller) -> None:
        """Lift the faults of all clients, and reset network, CSMS and inputs to normal."""
        self.faults.lift_all()
        bench = self._bench
        bench.network.reset()
        if not bench.network.on_air:
            bench.network.up()
        bench.csms.reset()
        bench.inputs.to_rest()
