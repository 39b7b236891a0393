"""The EV driver: what a person does at the charge point, in the words of a charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from rig.util.checked import Count, Limits, checked

if TYPE_CHECKING:
    from rig.csms import Csms
    from rig.instruments.inputs import Inputs, PulseTrain

S0_PULSES_PER_KWH = 1000
"""Pulses a kWh of the bench's S0 meter (IEC 62053-31): one pulse is one Wh."""


class EvDriver:
    """Plugs in, presents a card, draws energy, leaves. Thin words over the bench's inputs.

    Args:
        inputs: the bench's inputs.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    @checked
    def plug_in(self, *, draws: bool = True) -> None:
        """Put the cable into the vehicle; `draws` says whether the vehicle asks for energy (SAE J1772 state C)."""
        self._inputs["vehicle_ready"].set(draws)
        self._inputs["cable"].on()

    def unplug(self) -> None:
        """Pull the cable."""
        self._inputs["vehicle_ready"].off()
        self._inputs["cable"].off()

    def rest(self) -> None:
        """The vehicle stops drawing but stays plugged in (SAE J1772 state B)."""
        self._inputs["vehicle_ready"].off()

    def present_tag(self) -> None:
        """Present the local idTag once: the auth button stands for an RFID reader.

        Takes longer than contacts bounce, as a hand does, so that twice in a row is twice to any charge point.
        """
        self._inputs["auth_button"].press(0.05, rest=0.15)

    @checked
    def draw(self, wh: Count, *, hz: Annotated[float, Limits(above=0, most=1e6)] = 100.0) -> PulseTrain:
        """Let the meter count `wh` watt-hours as S0 pulses at `hz` a second (bench time); returns the running train."""
        return self._inputs["meter_pulse"].train(wh * S0_PULSES_PER_KWH // 1000, hz)

    @checked
    def start_charge(self, csms: Csms, *, draws: bool = True) -> int:
        """Plug in, present the tag and wait until the CSMS has heard that it charges.

        Args:
            csms: who is to hear it.
            draws: False: the vehicle asks for no energy, and the CSMS hears `SuspendedEV`.

        Returns:
            The transactionId that the CSMS gave.

        Raises:
            ExpectationError: the charge did not begin.
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
        """Hit the mushroom."""
        self._inputs["emergency_stop"].on()

    def release_emergency_stop(self) -> None:
        """Turn the mushroom back."""
        self._inputs["emergency_stop"].off()
