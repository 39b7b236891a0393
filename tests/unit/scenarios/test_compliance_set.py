"""The compliance set: every case has a valid file."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from rig.scenarios import is_part, load
from rig.scenarios.schema import schema

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "scenarios").rglob("*.yaml"))


def test_the_set_has_all_cases_each_in_a_group() -> None:
    cases = [load(file, ROOT) for file in FILES if file.parent.name == "octt-1.6"]
    assert len({case.case for case in cases}) == 102
    assert all(case.group and case.about for case in cases)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_the_set_is_valid_for_the_rig_and_for_editors(file: Path) -> None:
    if not is_part(file):
        scenario = load(file, ROOT)
        assert scenario.case in ("", file.stem)
    content = YAML(typ="safe").load(file.read_text())
    jsonschema_rs.Draft7Validator(schema()).validate(content)
