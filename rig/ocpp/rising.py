"""The rules for every transaction: neither its times nor its energy registers go back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from rig.ocpp.samples import ENERGY, OUTLET, Sample, read_time

WH: Mapping[str, float] = {"Wh": 1.0, "kWh": 1000.0}
"""The units of energy (OCPP 1.6 section 7.45, 2.0.1 part 2 appendix 2), in Wh."""


def wrong_time(stamps: Iterable[tuple[str, Any]]) -> str:
    """Return why the times of a transaction are wrong; empty if each is valid and none is before the previous one.

    Args:
        stamps: the message of each time, in words, and the time as in its payload, in order.
    """
    times = []
    for message, stamp in stamps:
        try:
            times.append(read_time(stamp))
        except ValueError as error:
            return f"{message}: {error}"
    for before, after in pairwise(times):
        if after < before:
            return f"time goes back from {before.isoformat()} to {after.isoformat()}"
    return ""


def wrong_energy(samples: Iterable[Sample], start: Sequence[float] = (), stop: Sequence[float] = ()) -> str:
    """Return why the energy of a transaction is wrong; empty if no register goes back.

    Energy is compared within a location and a phase.

    Args:
        samples: all samples, in order; samples of another measurand are ignored.
        start: the register of the outlet before the samples, in Wh; empty if it is not known.
        stop: the same register after the samples.
    """
    registers: dict[tuple[str, str], list[float]] = {(OUTLET, ""): [*start]} if start else {}
    for sample in samples:
        if sample.measurand != ENERGY:
            continue
        if sample.unit not in WH:
            return f"a sample of {ENERGY} has the unit {sample.unit!r}: Wh and kWh are units of energy"
        registers.setdefault((sample.location, sample.phase), []).append(sample.value * WH[sample.unit])
    if stop:
        registers.setdefault((OUTLET, ""), []).extend(stop)
    for (location, phase), energies in registers.items():
        for less, more in pairwise(energies):
            if more < less:
                place = " ".join(part for part in (location if location != OUTLET else "", phase) if part)
                which = f"the energy register{f' ({place})' if place else ''}"
                return f"{which} goes back from {less:g} Wh to {more:g} Wh"
    return ""
