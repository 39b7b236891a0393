"""The scenarios in docs/scenarios.md are valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rig.ocpp.versions import V16, V201, Version
from tests.unit.scenarios.conftest import Load

PAGE = Path(__file__).parents[3] / "docs" / "scenarios.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize(("example", "version"), list(zip(EXAMPLES, [V16, V201], strict=True)))
def test_an_example_is_valid(read: Load, example: str, version: Version) -> None:
    assert read(example).version is version
