"""The scenarios of the features that our firmware lacks pass with a charge point that has them."""

from __future__ import annotations

import pytest

from rig.scenarios import load
from tests.unit.scenarios.model import Model
from tests.unit.scenarios.model.conftest import ROOT, PlayCase
from tests.unit.scenarios.model.local_list import ModelWithList
from tests.unit.scenarios.model.reservation import KEY

LACKING = {
    "certificate management",
    "certificate signing",
    "firmware management",
    "reservation",
    "security events",
    "security log",
    "signed firmware update",
    "smart charging",
}
"""The features that our firmware does not declare."""

CASES = sorted(
    file.stem for file in (ROOT / "scenarios/octt-1.6").glob("*.yaml") if LACKING & set(load(file, ROOT).requires)
)
OTHERS = ["TC_042_1_CS", "TC_043_1_CS", "TC_054_CS"]
"""Cases whose steps depend on a feature in which the model and our firmware differ."""


class WithoutConnector0(Model):
    """Reserves connectors only, which TC_050_4_CS is about."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.keys[KEY] = "false"


def test_the_model_covers_all_cases_that_our_firmware_does_not_support() -> None:
    assert len(CASES) == 39


@pytest.mark.parametrize("case", [*CASES, *OTHERS])
def test_a_case_passes(play_case: PlayCase, case: str) -> None:
    play_case(case, WithoutConnector0 if case == "TC_050_4_CS" else Model)


@pytest.mark.parametrize("case", ["TC_042_1_CS", "TC_043_1_CS"])
def test_a_case_passes_with_a_list_that_is_disabled_for_it(play_case: PlayCase, case: str) -> None:
    play_case(case, ModelWithList)
