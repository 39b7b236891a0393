"""The LED decoder on simulated LEDs with jitter."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.instruments.led_pattern import EDGES_NEEDED, STEADY_AFTER_S, Edge, Pattern, beginning, decode


def blinking(rate_hz: float, duty: float, periods: int = 8, start: float = 0.0) -> list[Edge]:
    edges = []
    for n in range(periods):
        edges.append(Edge(start + n / rate_hz, True))
        edges.append(Edge(start + (n + duty) / rate_hz, False))
    return edges


def double_flashing(flash: float, gap: float, period: float = 1.0, periods: int = 4) -> list[Edge]:
    edges = []
    for n in range(periods):
        for offset in (0.0, flash + gap):
            edges += [Edge(n * period + offset, True), Edge(n * period + offset + flash, False)]
    return edges


def shaken(edges: list[Edge], jitter: float, seed: int) -> list[Edge]:
    chance = random.Random(seed)
    return [Edge(edge.t + chance.uniform(-jitter, jitter), edge.lit) for edge in edges]


def decoded(edges: list[Edge]) -> Pattern | None:
    return decode(edges[-EDGES_NEEDED:], edges[-1].t)


@given(
    rate=st.floats(1.0, 5.0),
    duty=st.floats(0.1, 0.9),
    jitter=st.floats(0, 0.025),
    seed=st.integers(0, 1000),
    cut=st.integers(0, 1),
)
def test_a_blink_is_decoded_with_rate_and_duty(rate: float, duty: float, jitter: float, seed: int, cut: int) -> None:
    edges = shaken(blinking(rate, duty), jitter / rate, seed)
    pattern = decoded(edges[: len(edges) - cut])
    assert pattern is not None
    assert pattern.name == "blink"
    assert pattern.rate_hz == pytest.approx(rate, rel=0.08)
    assert pattern.duty == pytest.approx(duty, abs=0.06)


@given(flash=st.floats(0.08, 0.15), gap=st.floats(0.08, 0.2), jitter=st.floats(0, 0.025), seed=st.integers(0, 1000))
def test_a_double_flash_is_no_blink(flash: float, gap: float, jitter: float, seed: int) -> None:
    edges = shaken(double_flashing(flash, gap), jitter, seed)
    for seen in range(8, len(edges) + 1):
        pattern = decoded(edges[:seen])
        assert pattern is not None
        assert pattern.name == "double_flash"
        assert pattern.rate_hz == pytest.approx(1, rel=0.15)


@given(lit=st.booleans(), waited=st.floats(0, 10))
def test_a_steady_light_is_decoded_after_a_while(lit: bool, waited: float) -> None:
    pattern = decode([Edge(5.0, lit)], 5.0 + waited)
    if waited >= STEADY_AFTER_S:
        assert pattern == Pattern("on" if lit else "off")
    elif waited < STEADY_AFTER_S - 1e-6:
        assert pattern is None


@given(first=st.sampled_from([1.0, 2.0, 4.0, 5.0]), then=st.sampled_from([1.0, 2.0, 4.0, 5.0]))
def test_no_other_pattern_is_decoded_between_two_blinks(first: float, then: float) -> None:
    before = blinking(first, 0.5, periods=6)
    edges = before + blinking(then, 0.5, periods=6, start=before[-1].t + 0.5 / first)
    for seen in range(6, len(edges)):
        pattern = decoded(edges[:seen])
        if pattern is not None:
            assert pattern.name == "blink"
            assert any(pattern.like(Pattern("blink", rate, 0.5), 0.15) for rate in (first, then))


def began(edges: list[Edge]) -> float:
    """Return the start of the pattern that is detected at the last edge."""
    kept = edges[-EDGES_NEEDED:]
    pattern = decode(kept, kept[-1].t)
    assert pattern is not None
    return kept[beginning(kept, pattern)].t


@given(
    rate=st.floats(1.0, 5.0),
    duty=st.floats(0.1, 0.9),
    jitter=st.floats(0, 0.025),
    seed=st.integers(0, 1000),
    lit=st.booleans(),
)
def test_a_blink_began_with_its_first_edge(rate: float, duty: float, jitter: float, seed: int, lit: bool) -> None:
    edges = blinking(rate, duty, periods=4)
    if lit:  # it was steadily lit before, so the pattern begins when the light goes out
        edges = [Edge(-9.0, True), Edge(-(1 - duty) / rate, False), *edges]
    else:
        edges.insert(0, Edge(-9.0, False))
    edges[1:] = shaken(edges[1:], jitter / rate, seed)
    for seen in range(7, len(edges) + 1):
        if decode(edges[:seen], edges[seen - 1].t) is not None:
            assert began(edges[:seen]) == edges[1].t


@given(first=st.sampled_from([1.0, 2.0, 4.0, 5.0]), then=st.sampled_from([1.0, 2.0, 4.0, 5.0]))
def test_a_blink_after_another_began_with_its_own_first_edge(first: float, then: float) -> None:
    before = blinking(first, 0.5, periods=4)
    after = blinking(then, 0.5, periods=4, start=before[-1].t + 0.5 / first)
    wanted = Pattern("blink", then, 0.5)
    seen = next(n for n in range(1, len(after) + 1) if wanted.like(decoded(before + after[:n]) or Pattern("off")))
    # The pause before the first flash belongs to both patterns.
    expected = {edge.t for edge in before} if first == then else {before[-1].t, after[0].t}
    assert began(before + after[:seen]) in expected


@given(flash=st.floats(0.08, 0.15), gap=st.floats(0.08, 0.2), jitter=st.floats(0, 0.025), seed=st.integers(0, 1000))
def test_a_double_flash_began_with_its_first_edge(flash: float, gap: float, jitter: float, seed: int) -> None:
    edges = [Edge(-9.0, False), *shaken(double_flashing(flash, gap, periods=3), jitter, seed)]
    for seen in range(9, len(edges)):
        assert began(edges[:seen]) == edges[max(1, seen - EDGES_NEEDED)].t


@given(lit=st.booleans())
def test_a_steady_light_began_with_the_last_edge(lit: bool) -> None:
    edges = [Edge(0.0, not lit), Edge(1.0, lit)]
    assert beginning(edges, Pattern("on" if lit else "off")) == 1


@given(rate=st.floats(1.0, 5.0), lit=st.booleans(), waited=st.floats(STEADY_AFTER_S + 1e-6, 9))
def test_flashes_before_a_steady_light_do_not_count(rate: float, lit: bool, waited: float) -> None:
    edges = blinking(rate, 0.5)[: 16 if lit else 15]
    edges.append(Edge(edges[-1].t + waited, lit))
    assert decoded(edges) is None


def test_two_flashes_are_too_few() -> None:
    assert decoded(blinking(1, 0.5, periods=2)) is None


def test_no_edges_show_no_pattern() -> None:
    assert decode([], 10.0) is None
