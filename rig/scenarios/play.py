"""Playing a whole scenario: requirements, configuration, steps, cleanup."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from rig.scenarios.features import require
from rig.scenarios.player import Player, Stage
from rig.scenarios.scenario import Scenario
from rig.scenarios.step import KINDS, Values
from rig.util.errors import AuthorError, ExpectationError


def play(scenario: Scenario, stage: Stage, parameters: Mapping[str, Any] | None = None) -> None:
    """Play a scenario on an idle charge point that the CSMS has accepted.

    Args:
        scenario: the scenario.
        stage: the bench and the CSMS, or the CSMS and a person.
        parameters: values of parameters that differ from the defaults.

    Raises:
        NotSupportedError: the charge point does not declare a feature of `requires`.
        ExpectationError, DeviceError: the charge point did not do what the scenario demands.
        AuthorError: the scenario is wrong.
    """
    given = dict(parameters or {})
    if unknown := sorted(set(given) - set(scenario.parameters)):
        known = ", ".join(scenario.parameters) or "none"
        raise AuthorError(f"{scenario.path}: there is no parameter {unknown[0]!r}. Allowed: {known}")
    player = Player(stage, {**scenario.parameters, **given})
    require(player, list(scenario.requires))
    if scenario.settings:
        KINDS["settings"].run(player, Values(player.resolve(dict(scenario.settings))))
    try:
        for key, value in scenario.configuration.items():
            player.change_key(key, str(player.resolve(value)))
        player.cursor = stage.timeline.mark()
        player.play(scenario.steps)
    except BaseException:
        # The first error is the verdict. The next test restores what remains.
        with contextlib.suppress(ExpectationError, AssertionError):
            _clean_up(scenario, player)
        raise
    _clean_up(scenario, player)


def _clean_up(scenario: Scenario, player: Player) -> None:
    try:
        player.play(scenario.cleanup)
    finally:
        if player.has_changed_keys:
            device = player.stage.device
            if device is not None:
                device.wait_status(accepted=True, connected=True, timeout=150)
            player.restore_keys()
