"""Playing a whole scenario: requirements, configuration, steps, cleanup."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from rig.scenarios.features import require
from rig.scenarios.player import Player, Stage
from rig.scenarios.scenario import Scenario
from rig.scenarios.step import KINDS, Values
from rig.util.errors import AuthorError, DeviceError, ExpectationError, PlugbenchError


def play(scenario: Scenario, stage: Stage, parameters: Mapping[str, Any] | None = None) -> None:
    """Play a scenario on an idle charge point that the CSMS has accepted.

    Args:
        scenario: the scenario.
        stage: the bench and the CSMS, or the CSMS and a person.
        parameters: values of parameters that differ from the defaults.

    Raises:
        NotSupportedError: the charge point does not speak the scenario's version of OCPP, or does not declare a
            feature of `requires`.
        ExpectationError, DeviceError: the charge point did not behave as the scenario demands.
        AuthorError: the scenario is wrong.
    """
    given = dict(parameters or {})
    if unknown := sorted(set(given) - set(scenario.parameters)):
        known = ", ".join(scenario.parameters) or "none"
        raise AuthorError(f"{scenario.path}: there is no parameter {unknown[0]!r}. Allowed: {known}")
    player = Player(stage, given, scenario.parameters, scenario.version)
    require(player, scenario.requires)
    if scenario.settings:
        KINDS["settings"].run(player, Values(player.resolve(dict(scenario.settings))))
    try:
        for key, value in scenario.configuration.items():
            player.change_key(key, str(player.resolve(value)))
        player.cursor = stage.timeline.mark()
        player.play(scenario.steps)
    except KeyboardInterrupt:
        raise
    except BaseException:
        # The first error is the verdict. The charge point is restored even if a time limit has ended the test.
        with contextlib.suppress(PlugbenchError):
            _clean_up(scenario, player)
        raise
    _clean_up(scenario, player)


def _clean_up(scenario: Scenario, player: Player) -> None:
    """Play the cleanup, and restore the configuration keys; erase and flash a device that rejects them.

    Raises:
        PlugbenchError: a step failed, or a key could not be restored.
    """
    try:
        player.play(scenario.cleanup)
    finally:
        if player.has_changed_keys:
            _restore_keys(player)


def _restore_keys(player: Player) -> None:
    device = player.stage.device
    if device is None:
        player.restore_keys()
        return
    try:
        device.wait_status(accepted=True, connected=True, timeout=150)
        player.restore_keys()
    except (DeviceError, ExpectationError):
        device.renew()  # the next test must not get the configuration of this test
        raise
