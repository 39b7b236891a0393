"""Loads the log format and the device profile that a bench description names."""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rig.adapters.log_format import LogFormat
from rig.adapters.profile import DeviceProfile
from rig.config.description import Description

LOG_FORMATS: Mapping[str, str] = {
    "plugbench": "rig.adapters.plugbench:PlugbenchLogFormat",
    "plain": "rig.adapters.log_format:PlainLogFormat",
}
"""The built-in log formats, by their name for `device.log_format`."""

PROFILES: Mapping[str, str] = {
    "plugbench": "rig.adapters.plugbench:PlugbenchProfile",
    "plain": "rig.adapters.profile:DeviceProfile",
}
"""The built-in device profiles, by their name for `device.profile`."""

_PARTS_OF_A_LOG_FORMAT = ("answer_prefix", "line", "events", "pending", "flush")
_REFERENCE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*)")


def log_format(description: Description) -> LogFormat:
    """Create the log format that a bench description names.

    Raises:
        ValueError: the log format cannot be loaded; the message names key, cause and remedy.
    """
    name = description.device.log_format
    found = _make("device.log_format", name, LOG_FORMATS)
    if not isinstance(found, LogFormat):
        lacking = ", ".join(part for part in _PARTS_OF_A_LOG_FORMAT if not hasattr(found, part))
        raise ValueError(
            f"device.log_format: {name!r} is not a log format: it lacks {lacking}; "
            "derive it from rig.adapters.log_format.PlainLogFormat"
        )
    return found


def profile(description: Description) -> DeviceProfile:
    """Create the device profile that a bench description names, and check the description with it.

    Raises:
        ValueError: the profile cannot be loaded, or the description lacks a value; the message names key, cause and
            remedy.
    """
    name = description.device.profile
    found = _make("device.profile", name, PROFILES)
    if not isinstance(found, DeviceProfile):
        raise ValueError(
            f"device.profile: {name!r} is not a device profile; derive it from rig.adapters.profile.DeviceProfile"
        )
    found.check(description)
    return found


def _make(key: str, name: str, built_in: Mapping[str, str]) -> Any:
    """Create an object of the class that a bench description names."""
    remedy = f"write {', '.join(built_in)}, or package.module:Class as seen from the project's folder"
    reference = _REFERENCE.fullmatch(built_in.get(name, name))
    if reference is None:
        raise ValueError(f"{key}: {name!r} is not known; {remedy}")
    with _on_path(Path.cwd()):
        try:
            module = importlib.import_module(reference["module"])
        except Exception as error:  # a module of the user may raise anything
            raise ValueError(
                f"{key}: {name!r} cannot be imported: {type(error).__name__}: {error}; {remedy}"
            ) from error
    made = getattr(module, reference["name"], None)
    if not isinstance(made, type):
        raise ValueError(
            f"{key}: {name!r} cannot be loaded: {module.__name__} has no class {reference['name']}; {remedy}"
        )
    try:
        return made()
    except Exception as error:
        raise ValueError(f"{key}: {name!r} cannot be created: {type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _on_path(root: Path) -> Iterator[None]:
    """Add a folder to the import path: the command `rig` does not add it, unlike `python -m`."""
    entry = str(root)
    if entry in sys.path:
        yield
        return
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)
