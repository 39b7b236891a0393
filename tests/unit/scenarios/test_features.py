"""Features that a setting of the firmware declares."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rig.adapters.plugbench import PlugbenchProfile
from rig.adapters.profile import DeviceProfile
from rig.bench.bench_file import load
from rig.firmware.partitions import Partition
from rig.scenarios.features import FEATURES_16

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("profile", "declared"), [(PlugbenchProfile(), True), (DeviceProfile(), False)])
def test_a_fixed_cable_is_declared_by_a_firmware_with_the_setting(profile: DeviceProfile, declared: bool) -> None:
    storage = Partition("storage", "data", "spiffs", 0, 256 * 1024)
    device = SimpleNamespace(
        profile=profile,
        bench=SimpleNamespace(description=load(ROOT / "benches/virtual.toml"), csms_url="ws://127.0.0.1:9000/"),
        firmware=SimpleNamespace(manifest=SimpleNamespace(storage=lambda: storage)),
    )
    player: Any = SimpleNamespace(stage=SimpleNamespace(device=device))
    assert FEATURES_16["fixed cable"](player) is declared
