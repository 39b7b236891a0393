"""The EV driver: the actions of a person at the charge point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from rig.util.checked import Count, Limits, checked

if TYPE_CHECKING:
    from rig.csms import Csms
    from rig.instruments.inputs import Inputs, PulseTrain

S0_PULSES_PER_KWH = 1000
"""Pulses of the bench's S0 meter for one kWh (IEC 62053-31): one pulse is one Wh."""


class EvDriver:
    """Plugs in, presents a card, draws energy and unplugs. Each action sets the bench's inputs.

    Args:
        inputs: the bench's inputs.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    @checked
    def plug_in(self, *, draws: bool = True) -> None:
        """Plug the cable into the vehicle; with `draws` the vehicle requests energy (SAE J1772 state C)."""
        self._inputs["vehicle_ready"].set(draws)
        self._inputs["cable"].on()

    def unplug(self) -> None:
        """Unplug the cable."""
        self._inputs["vehicle_ready"].off()
        self._inputs["cable"].off()

    def rest(self) -> None:
        """Stop drawing energy but stay plugged in (SAE J1772 state B)."""
        self._inputs["vehicle_ready"].off()

    def present_tag(self) -> None:
        """Present the local idTag once, by the auth button. The button replaces an RFID reader.

        The press is longer than contact bounce, so two presses in a row count twice on any charge point.
        """
        self._inputs["auth_button"].press(0.05, rest=0.15)

    @checked
    def draw(self, wh: Count, *, hz: Annotated[float, Limits(above=0, most=1e6)] = 100.0) -> PulseTrain:
        """Send `wh` watt-hours as S0 pulses at `hz` per bench second. Return the running pulse train."""
        return self._inputs["meter_pulse"].train(wh * S0_PULSES_PER_KWH // 1000, hz)

    @checked
    def start_charge(self, csms: Csms, *, draws: bool = True) -> int:
        """Plug in, present the tag and wait until the charge point has reported the charge to the CSMS.

        Args:
            csms: receives the reports.
            draws: False: the vehicle requests no energy, and the reported status is `SuspendedEV`.

        Returns:
            The transactionId that the CSMS assigned.

        Raises:
            ExpectationError: the charge did not start.
        """
        self.plug_in(draws=draws)
        csms.expect_status("Preparing")
        self.present_tag()
        csms.expect("StartTransaction", connectorId=1)
        csms.expect_status("Charging" if draws else "SuspendedEV")
        transaction_id = csms.transactions[-1].transaction_id
        assert transaction_id is not None
        return transaction_id

    def press_emergency_stop(self) -> None:
        """Press the emergency stop button."""
        self._inputs["emergency_stop"].on()

    def release_emergency_stop(self) -> None:
        """Release the emergency stop button."""
        self._inputs["emergency_stop"].off()
