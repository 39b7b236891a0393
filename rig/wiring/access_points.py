"""Access points of wired benches. The virtual bench has its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rig.config.description import AccessPointSection, ManualAccessPoint, NmcliAccessPoint
from rig.util.errors import BenchError
from rig.wiring.interfaces import AccessPoint

_NMCLI_TIMEOUT_S = 30
_TERMINAL = Path("/dev/tty")


class ByHand:
    """An access point that the user switches when prompted on the terminal."""

    def up(self) -> None:
        """Prompt the user to switch the access point on, and wait for the confirmation."""
        self._ask("on")

    def down(self) -> None:
        """Prompt the user to switch the access point off, and wait for the confirmation."""
        self._ask("off")

    @staticmethod
    def _ask(state: str) -> None:
        try:
            # The terminal, not stdin and stdout, which may be captured. Python cannot open a terminal for reading and
            # writing at once, because it cannot seek.
            with _TERMINAL.open("w", encoding="utf-8") as question, _TERMINAL.open(encoding="utf-8") as answer:
                print(f"\nSwitch the access point {state} now, then press Enter: ", end="", file=question, flush=True)
                answer.readline()
        except OSError:
            raise BenchError(
                f"a person must switch the access point {state}, but there is no terminal for the prompt",
                'Run this on a terminal, or set network.access_point = { kind = "none" }',
            ) from None


class Nmcli:
    """An access point that is a connection of NetworkManager.

    Args:
        connection: the connection's name, as `nmcli connection show` lists it.
    """

    def __init__(self, connection: str) -> None:
        self._connection = connection

    def up(self) -> None:
        """Start the connection. Raises BenchError if nmcli fails."""
        self._switch("up")

    def down(self) -> None:
        """Stop the connection. Raises BenchError if nmcli fails."""
        self._switch("down")

    def _switch(self, state: str) -> None:
        command = ["nmcli", "connection", state, self._connection]
        try:
            # In its own session, so that Ctrl-C on the terminal does not interrupt nmcli during a cleanup.
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
                "Set network.access_point.connection to one of the names that `nmcli connection show` lists",
            ) from None


def open_access_point(section: AccessPointSection) -> AccessPoint | None:
    """Return the access point of a bench description; None if it cannot be switched."""
    if isinstance(section, NmcliAccessPoint):
        return Nmcli(section.connection)
    if isinstance(section, ManualAccessPoint):
        return ByHand()
    return None
