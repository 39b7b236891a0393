"""The descriptions from which a client draws a form for a fault."""

from __future__ import annotations

from rig.faults import CATALOGUE
from rig.live.fault_calls import arguments_of


def test_arguments_have_type_limits_and_default() -> None:
    """The description of a number has the limits that the fault checks."""
    described = arguments_of(CATALOGUE["slow-erase"])
    assert described == {"ms": {"type": "int", "least": 1, "most": 60_000, "required": False, "default": 400}}


def test_choices_are_listed() -> None:
    """The description of a word lists the accepted ones."""
    described = arguments_of(CATALOGUE["bad-answers"])["kind"]
    assert described["default"] in described["choices"]
    assert len(described["choices"]) > 1


def test_every_fault_can_be_made_from_its_defaults() -> None:
    """The defaults that a form begins with are accepted by the fault."""
    for kind in CATALOGUE.values():
        given = {name: one["default"] for name, one in arguments_of(kind).items()}
        assert kind(**given).arguments() == given
