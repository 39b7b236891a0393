"""A page in a browser, over a bench that is a timeline and a few calls, and one page server for all tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.live.calls import Call, Caller
from rig.live.hold import Hold
from rig.live.messages import RequestError
from rig.live.offer import Offer
from rig.live.server import LiveServer
from rig.timeline import Timeline
from rig.timeline.events import FaultInjected, FaultLifted, PinEdge
from rig.util.clock import BenchClock
from tests.chromium import SLOW_MS, chromium

ROOT = Path(__file__).resolve().parents[3]


class HandBench:
    """A bench that consists of a timeline, a cable, a power switch, one fault and charge points that answer calls.

    Args:
        path: the bench description that it claims to have.
    """

    def __init__(self, path: Path) -> None:
        self.timeline = Timeline(BenchClock())
        self.cable = False
        self.power = True
        self.faults: list[dict[str, Any]] = []
        self.protocols: dict[str, str] = {}
        self.called: list[tuple[str | None, str, dict[str, Any]]] = []
        self.test = ""
        self.hold = Hold()
        calls = {
            "power.on": Call(self.power_on),
            "power.off": Call(self.power_off),
            "power.reset": Call(self.power_reset),
            "input.set": Call(self.input_set),
            "fault.list": Call(self.fault_list, acts=False),
            "fault.inject": Call(self.fault_inject),
            "csms.call": Call(self.csms_call),
        }
        offer = Offer("a test", "hand", path, self.timeline, self.state, calls, lambda: self.test, self.hold)
        self.server = LiveServer(offer)

    def state(self) -> dict[str, Any]:
        """Return the sections of the state that the page draws."""
        return {
            "bench": {"name": "hand", "kind": "virtual", "is_open": True, "trouble": ""},
            "power": {"is_on": self.power, "rail": None, "in_reset": False},
            "inputs": {"cable": {"on": self.cable, "at_rest": not self.cable}},
            "outputs": {"contactor": False},
            "leds": {"status": {"lit": False, "pattern": "off", "rate_hz": 0, "duty": 0}},
            "faults": self.faults,
            "csms": {"charge_points": {name: self._charge_point(name) for name in self.protocols}},
        }

    def _charge_point(self, name: str) -> dict[str, Any]:
        return {"protocol": self.protocols[name], "connected": True, "connectors": {}}

    def csms_call(
        self, _caller: Caller, action: str, payload: dict[str, Any], charge_point: str | None = None
    ) -> dict[str, Any]:
        """Accept a call to a charge point."""
        self.called.append((charge_point, action, payload))
        return {"status": "Accepted"}

    def power_on(self, _caller: Caller) -> None:
        """Switch the power on."""
        self.power = True

    def power_off(self, _caller: Caller) -> None:
        """Switch the power off."""
        self.power = False

    def power_reset(self, _caller: Caller) -> None:
        """Accept a reset, which has no effect here."""

    def input_set(self, _caller: Caller, name: str, on: bool) -> None:
        """Set the cable."""
        self.cable = on
        self.timeline.append(PinEdge(source="pins", signal=f"inputs.{name}", level=on, driven=True))

    def fault_list(self, _caller: Caller) -> dict[str, Any]:
        """List the one fault."""
        limits = {"type": "int", "least": 1, "most": 50, "default": 5, "required": False}
        latency = {"summary": "everything is late", "possible": True, "lacks": [], "arguments": {"ms": limits}}
        return {"active": self.faults, "catalogue": {"latency": latency}}

    def fault_inject(self, caller: Caller, name: str, arguments: dict[str, Any]) -> None:
        """Inject the fault until its client leaves."""
        if arguments["ms"] == 13:
            raise RequestError("request", "13 ms is unlucky. Give another time")
        injected = self.timeline.append(FaultInjected(source="faults", fault=name, arguments=arguments))
        self.faults = [{"id": injected.id, "fault": name, "arguments": arguments, "by": caller.by}]
        caller.cleanups["fault"] = self.lift

    def lift(self) -> None:
        """Lift the fault."""
        (fault,), self.faults = self.faults, []
        self.timeline.append(FaultLifted(source="faults", fault=fault["fault"], injected=fault["id"]))

    def close(self) -> None:
        """Close the live socket."""
        self.server.close()


@pytest.fixture(scope="session")
def bench_path() -> Iterator[Path]:
    """The description of the bench, which has a path that no other test has."""
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        path = Path(folder, "hand.toml")
        path.touch()
        yield path


@pytest.fixture(scope="session")
def address(bench_path: Path) -> Iterator[str]:
    """The address of a `rig console` that runs during all tests."""
    pytest.importorskip("nicegui", reason="needs the extra console: make setup-browser")
    with serving(bench_path) as found:
        yield found


class serving:  # noqa: N801 - a context manager
    """Run `rig console` within the block, for a bench that a test has opened; gives its address.

    Args:
        path: the bench description.
        arguments: further arguments.
        is_open: whether the test has opened the bench already. `rig console` would open one of its own without any.
    """

    def __init__(self, path: Path, *arguments: str, is_open: bool = False) -> None:
        self._path = path
        self._arguments = arguments
        self._is_open = is_open

    def __enter__(self) -> str:
        bench = None if self._is_open else HandBench(self._path)
        command = [
            sys.executable,
            "-c",
            "from rig.cli.start import main; main()",
            "console",
            "--bench",
            str(self._path),
        ]
        self.process = subprocess.Popen(
            [*command, "--port", "0", *self._arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if bench is not None:
            bench.close()
        _, found, address = line.strip().partition("the page: ")
        assert found, f"rig console printed {line!r}; {self._end()}"
        return address

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> str:
        self.process.terminate()
        return self.process.communicate()[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Playwright's event loop runs as long as the browser, and async tests need one of their own."""
    with chromium() as found:
        yield found


@pytest.fixture
def hand(bench_path: Path) -> Iterator[HandBench]:
    found = HandBench(bench_path)
    yield found
    found.close()


@pytest.fixture
def page(browser: Any, hand: HandBench, address: str) -> Iterator[Any]:
    """The page in a tab of its own, connected to the bench."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(SLOW_MS)
    tab = context.new_page()
    tab.goto(address)
    tab.get_by_role("switch", name="input cable").wait_for()
    yield tab
    context.close()
