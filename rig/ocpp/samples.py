"""Sampled values of MeterValues: a decimal number with its time, measurand, phase and location."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

ENERGY = "Energy.Active.Import.Register"
"""The default measurand of a sampled value (OCPP 1.6 section 7.43)."""

OUTLET = "Outlet"
"""The default location of a sampled value (OCPP 1.6 section 7.43)."""

# Stricter than Python's `float` and `fromisoformat`, which also read `nan`, `1_0` and `20240101T00Z`.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_MOST_QUOTED = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled value of a transaction (OCPP 1.6 section 7.43)."""

    timestamp: datetime
    value: float
    unit: str
    measurand: str
    context: str
    phase: str
    location: str = OUTLET


def read_time(text: Any) -> datetime:
    """Parse a time of OCPP 1.6 (RFC 3339 section 5.6); a leap second becomes the second after it.

    Args:
        text: e.g. `2024-01-01T00:00:00Z`.

    Raises:
        ValueError: no such time; the message quotes the text.
    """
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is not None:
        minute, second, fraction, zone = found.groups()
        leap = second == "60"
        try:
            time = datetime.fromisoformat(
                f"{minute.upper()}{'59' if leap else second}{(fraction or '')[:7]}{zone.upper()}"
            )
            # A leap second is always the last second of a day in UTC (RFC 3339 section 5.7).
            if not leap:
                return time
            if time.astimezone(UTC).strftime("%H:%M:%S") == "23:59:59":
                return time + timedelta(seconds=1)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"the timestamp {_quoted(text)} is no time with a zone (RFC 3339 section 5.6)")


def read_decimal(text: Any) -> float:
    """Parse the raw value of a sample, a decimal number with a point (OCPP 1.6 section 7.43).

    Args:
        text: e.g. `-12.5`.

    Raises:
        ValueError: no such number; the message quotes the text.
    """
    if isinstance(text, str) and _DECIMAL.fullmatch(text):
        value = float(text)
        if isfinite(value):
            return value
    raise ValueError(f"the sampled value {_quoted(text)} is no decimal number (OCPP 1.6 section 7.43)")


def read_samples(request: Mapping[str, Any]) -> Iterator[Sample]:
    """Yield the samples of a MeterValues request in order; signed data is skipped.

    Args:
        request: the payload, valid against its schema.

    Raises:
        ValueError: a timestamp or a value is invalid.
    """
    for meter_value in request["meterValue"]:
        for sampled in meter_value["sampledValue"]:
            if sampled.get("format") == "SignedData":
                continue
            yield Sample(
                timestamp=read_time(meter_value["timestamp"]),
                value=read_decimal(sampled["value"]),
                unit=sampled.get("unit", "Wh"),
                measurand=sampled.get("measurand", ENERGY),
                context=sampled.get("context", "Sample.Periodic"),
                phase=sampled.get("phase", ""),
                location=sampled.get("location", OUTLET),
            )


def _quoted(text: Any) -> str:
    whole = repr(text)
    return whole if len(whole) <= _MOST_QUOTED else f"{whole[:_MOST_QUOTED]}…"
