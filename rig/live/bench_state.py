"""The state of a bench as JSON, by section, for clients that draw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rig.bench import Bench
from rig.csms import Csms, State, Station
from rig.timeline.events import BenchTrouble, Boot, TelemetrySample
from rig.util.errors import BenchError
from rig.util.redaction import masked


def bench_state(bench: Bench) -> dict[str, Any]:
    """Return the state of a bench. A closed bench has only the section `bench`.

    Args:
        bench: the bench. It may be closed meanwhile: sections that cannot be read then are left out.
    """
    description = bench.description
    state: dict[str, Any] = {
        "bench": {
            "name": description.name,
            "kind": description.kind,
            "is_open": bench.is_open,
            "trouble": _trouble(bench),
        }
    }
    sections: dict[str, Callable[[], Any]] = {
        "power": lambda: {
            "is_on": bench.power.is_on,
            "rail": bench.power.rail,
            "in_reset": bench.power.in_reset,
            "current": _current(bench),
        },
        "inputs": lambda: {i.name: {"on": i.state, "at_rest": i.at_rest} for i in bench.inputs},
        "outputs": lambda: {output.name: output.level for output in bench.outputs},
        "leds": lambda: {
            led.name: {
                "lit": led.lit,
                "pattern": led.pattern.name,
                "rate_hz": led.pattern.rate_hz,
                "duty": led.pattern.duty,
            }
            for led in bench.leds
        },
        "console": lambda: {"is_open": bench.console.is_open, "port": bench.wiring.serial_url},
        "network": lambda: _network(bench),
        "csms": lambda: csms_state(bench.csms),
        "device": lambda: _device(bench),
    }
    if bench.is_open:
        state["bench"] |= {"capabilities": sorted(bench.capabilities), "csms_url": bench.csms_url}
        for name, read in sections.items():
            try:
                state[name] = read()
            except BenchError:  # the bench was closed meanwhile
                continue
    shown: dict[str, Any] = masked(state)
    return shown


def _trouble(bench: Bench) -> str:
    if (trouble := bench.timeline.trouble) is not None:
        return str(trouble)
    # A bench that could not be opened has closed its parts, which clears their trouble. The timeline still has the
    # trouble.
    why = None if bench.is_open else bench.timeline.last(BenchTrouble)
    return why.what if why is not None else ""


def _current(bench: Bench) -> dict[str, Any] | None:
    if not bench.power.has_current:
        return None
    try:
        sample = bench.power.current.now
    except BenchError as trouble:
        return {"trouble": str(trouble)}
    return {"milliamperes": sample.milliamperes, "volts": sample.volts, "overflow": sample.overflow}


def _network(bench: Bench) -> dict[str, Any]:
    ms, jitter_ms, _ = bench.network.delay
    return {
        "on_air": bench.network.on_air,
        "connections": bench.network.connections,
        "latency_ms": ms,
        "jitter_ms": jitter_ms,
        "black_hole": bench.network.is_black_hole,
        "admission": bench.network.admission,
    }


def _device(bench: Bench) -> dict[str, Any]:
    boot, sample = bench.timeline.last(Boot), bench.timeline.last(TelemetrySample)
    return {
        "version": boot.version if boot is not None else "",
        "reset": boot.reset if boot is not None else "",
        "booted": boot.t if boot is not None else 0,
        "telemetry": dict(sample.values) if sample is not None else {},
    }


def csms_state(csms: Csms) -> dict[str, Any]:
    """Return the state of a CSMS and of its charge points."""
    return {
        "listening": csms.is_listening,
        "port": csms.port,
        "charge_points": {name: _charge_point(csms, name) for name in csms.charge_points},
    }


def _charge_point(csms: Csms, name: str) -> Mapping[str, Any]:
    version = csms.version_of(name)
    is_station = version is not None and not version.is_16
    state = csms.station_of(name) if is_station else csms.state_of(name)
    return {
        "protocol": "" if version is None else version.subprotocol,
        "connected": csms.is_connected(name),
        "registration": state.registration,
        **(_of_station(state) if isinstance(state, Station) else _of_charge_point(state)),
        "open_calls": [{"action": call.action, "direction": call.direction} for call in state.open_calls],
    }


def _of_charge_point(state: State) -> Mapping[str, Any]:
    """Return the part of the state of a charge point that is special to OCPP 1.6."""
    boot = state.boot or {}
    return {
        "vendor": boot.get("chargePointVendor", ""),
        "model": boot.get("chargePointModel", ""),
        "firmware": boot.get("firmwareVersion", ""),
        "connectors": {str(number): connector.status for number, connector in sorted(state.connectors.items())},
        "transactions": sorted(state.transactions),
        "reservations": sorted(state.reservations),
        "local_list_version": state.local_list_version,
        "charging_profiles": sorted(list(key) for key in state.charging_profiles),
        "certificates": {kind: len(found) for kind, found in state.certificates.items()},
        "progress": dict(state.progress),
    }


def _of_station(state: Station) -> Mapping[str, Any]:
    """Return the part of the state of a charging station that is special to OCPP 2.x."""
    described = (state.boot or {}).get("chargingStation", {})
    return {
        "vendor": described.get("vendorName", ""),
        "model": described.get("model", ""),
        "firmware": described.get("firmwareVersion", ""),
        "connectors": {f"{evse}.{number}": status for (evse, number), status in sorted(state.connectors.items())},
        "transactions": sorted(state.transactions),
        "variables": len(state.variables),
    }
