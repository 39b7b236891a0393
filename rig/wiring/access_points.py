"""Access points of real benches. The virtual bench brings its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rig.config.description import AccessPointSection, ManualAccessPoint, NmcliAccessPoint
from rig.util.errors import BenchError
from rig.wiring.interfaces import AccessPoint

_NMCLI_TIMEOUT_S = 30
_TERMINAL = Path("/dev/tty")


class ByHand:
    """A person switches it when asked on the terminal."""

    def up(self) -> None:
        """Ask for it. Returns when the person says so."""
        self._ask("on")

    def down(self) -> None:
        """Ask for it. Returns when the person says so."""
        self._ask("off")

    @staticmethod
    def _ask(state: str) -> None:
        try:
            # Not stdin and stdout, which may be captured. And twice: Python opens nothing for both that cannot seek.
            with _TERMINAL.open("w", encoding="utf-8") as question, _TERMINAL.open(encoding="utf-8") as answer:
                print(f"\nSwitch the access point {state} now, then press Enter: ", end="", file=question, flush=True)
                answer.readline()
        except OSError:
            raise BenchError(
                f"a person must switch the access point {state}, but there is no terminal to ask on",
                'Run this on a terminal, or set network.access_point = { kind = "none" }',
            ) from None


class Nmcli:
    """A connection of NetworkManager's is the access point.

    Args:
        connection: its name, as `nmcli connection show` lists it.
    """

    def __init__(self, connection: str) -> None:
        self._connection = connection

    def up(self) -> None:
        """Start it. Raises BenchError when nmcli cannot."""
        self._switch("up")

    def down(self) -> None:
        """Stop it. Raises BenchError when nmcli cannot."""
        self._switch("down")

    def _switch(self, state: str) -> None:
        command = ["nmcli", "connection", state, self._connection]
        try:
            # A session of its own: what a terminal sends is for us to hear, and not for what gives back.
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=_NMCLI_TIMEOUT_S, start_new_session=True
            )
        except FileNotFoundError:
            raise BenchError("nmcli is not installed", "Install Debian's network-manager") from None
        except subprocess.TimeoutExpired:
            raise BenchError(f"`{' '.join(command)}` took longer than {_NMCLI_TIMEOUT_S} s") from None
        except subprocess.CalledProcessError as error:
            raise BenchError(
                f"`{' '.join(command)}` failed: {error.stderr.strip()}",
                "`nmcli connection show` lists the names; network.access_point.connection takes one of them",
            ) from None


def open_access_point(section: AccessPointSection) -> AccessPoint | None:
    """The access point of a bench description; None where nobody can switch it."""
    if isinstance(section, NmcliAccessPoint):
        return Nmcli(section.connection)
    if isinstance(section, ManualAccessPoint):
        return ByHand()
    return None
