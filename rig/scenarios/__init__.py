"""Scenarios as data: YAML files whose steps are calls of the bench and of the fake CSMS."""

from rig.scenarios import bench_steps, combinators, csms_steps, file_steps, security_steps  # they register their steps
from rig.scenarios.play import play
from rig.scenarios.player import NotSupportedError, Person, Player, Stage
from rig.scenarios.scenario import Scenario, is_part, load
from rig.scenarios.source import ScenarioError

__all__ = [
    "NotSupportedError",
    "Person",
    "Player",
    "Scenario",
    "ScenarioError",
    "Stage",
    "bench_steps",
    "combinators",
    "csms_steps",
    "file_steps",
    "is_part",
    "load",
    "play",
    "security_steps",
]
