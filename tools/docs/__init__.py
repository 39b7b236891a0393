"""Pages and tables that are made from the sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from firmware.tools.schema_tables import built_in
from rig.scenarios.schema import schema_text
from tools.docs.api import reference
from tools.docs.bench_reference import bench_reference
from tools.docs.scenario_reference import scenario_steps
from tools.docs.setting_reference import setting_reference

GENERATED: Mapping[Path, Callable[[Path], str]] = {
    Path("docs/api.md"): reference,
    Path("docs/bench-reference.md"): bench_reference,
    Path("docs/scenario-steps.md"): scenario_steps,
    Path("scenarios/scenario.schema.json"): lambda _root: schema_text(),
    Path("firmware/src/features/schema/ocpp16_tables.cpp"): lambda _root: built_in(),
    Path("docs/settings.md"): setting_reference,
}
"""The files, and the function that makes the text of each from the project's folder."""
