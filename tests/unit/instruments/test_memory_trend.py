"""The memory trend on simulated devices: it finds a leak of 64 bytes in 200 cycles, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from rig.instruments.memory_trend import memory_trend
from rig.util.errors import AuthorError

CYCLES = 200
SEEDS = range(20)
START = 180_000.0

Noise = Callable[[random.Random], list[float]]


def exact(_: random.Random) -> list[float]:
    """A heap that has the same free bytes after each cycle."""
    return [0.0] * (CYCLES + 1)


def quantised(rng: random.Random) -> list[float]:
    """Noise of about 300 bytes, in the allocator's steps of 16."""
    return [round(rng.gauss(0, 300) / 16) * 16.0 for _ in range(CYCLES + 1)]


def outliers(rng: random.Random) -> list[float]:
    """One sample in twenty is taken while a handshake holds 8 KB."""
    return [-8192.0 if rng.random() < 0.04 else 0.0 for _ in range(CYCLES + 1)]


def sawtooth(rng: random.Random) -> list[float]:
    """A buffer that grows by 40 bytes a cycle and is released when it is full."""
    period, phase = rng.randint(15, 70), rng.randint(0, 70)
    return [-40.0 * ((n + phase) % period) for n in range(CYCLES + 1)]


def one_step(rng: random.Random) -> list[float]:
    """A table that is allocated once, somewhere in the run."""
    at = rng.randint(0, CYCLES)
    return [-2400.0 * (n >= at) for n in range(CYCLES + 1)]


def drift(rng: random.Random) -> list[float]:
    """A random walk that is drawn back: neighbouring samples depend on each other."""
    values, level = [], 0.0
    for _ in range(CYCLES + 1):
        level = 0.9 * level + rng.gauss(0, 60)
        values.append(round(level / 16) * 16.0)
    return values


DISTURBANCES = [exact, quantised, outliers, sawtooth, one_step, drift]


@pytest.mark.parametrize("noise", DISTURBANCES)
def test_twenty_clean_runs_are_quiet(noise: Noise) -> None:
    for seed in SEEDS:
        trend = memory_trend(list(enumerate(START + n for n in noise(random.Random(seed)))), "reconnect")
        assert not trend.leaks, f"seed {seed}: {trend}"
        assert trend.visible < 64, f"seed {seed}: {trend}"


@pytest.mark.parametrize("noise", DISTURBANCES)
def test_a_leak_of_64_bytes_is_found_in_each_of_twenty_runs(noise: Noise) -> None:
    for seed in SEEDS:
        free = [START + disturbed - 64 * n for n, disturbed in enumerate(noise(random.Random(seed)))]
        trend = memory_trend(list(enumerate(free)), "reconnect")
        assert trend.leaks, f"seed {seed}: {trend}"
        assert trend.low <= 64 <= trend.high, f"seed {seed}: {trend}"


def test_a_gain_is_no_leak() -> None:
    trend = memory_trend([(n, START + 100 * n) for n in range(50)], "charge")
    assert trend.slope == -100
    assert not trend.leaks


def test_samples_of_one_cycle_are_one_point() -> None:
    points = [(n // 3, START - 8 * (n // 3) - 4000 * (n % 3 == 1)) for n in range(90)]
    assert memory_trend(points, "charge").slope == 8


def test_ten_thousand_cycles_are_merged() -> None:
    trend = memory_trend([(n, START - n / 2) for n in range(10_000)], "reconnect")
    assert trend.slope == pytest.approx(0.5)
    assert trend.samples == 10_000


def test_nineteen_cycles_are_too_few() -> None:
    with pytest.raises(AuthorError, match="only 19 cycles have a telemetry sample, and 20 are needed"):
        memory_trend([(n, START) for n in range(19)], "reconnect")
