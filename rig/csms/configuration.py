"""Read and change the configuration of a charge point by OCPP: the keys of 1.6, the variables of 2.0.1 and 2.1."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rig.csms.instrument import Csms
from rig.util.errors import AuthorError

_CHANGED = ("Accepted", "RebootRequired")
_VARIABLE = re.compile(r"(?P<component>\w+)\.(?P<variable>\w+)(\[(?P<instance>[^\]]+)\])?")


class Configuration(ABC):
    """The named values of a charge point. Changed values can be restored.

    Args:
        csms: the CSMS that the charge point is connected to.
        charge_point: the identity of the charge point; None: the bench's charge point.

    Attributes:
        kind: the word for such a value in messages.
        action: the action that changes a value.
    """

    kind: ClassVar[str]
    action: ClassVar[str]

    def __init__(self, csms: Csms, charge_point: str | None = None) -> None:
        self._csms = csms
        self._charge_point = charge_point
        self._before: dict[str, str] = {}

    @abstractmethod
    def __getitem__(self, name: str) -> str:
        """Return a value.

        Raises:
            KeyError: the charge point has no such name.
        """

    def __contains__(self, name: str) -> bool:
        """Return whether the charge point has a name."""
        try:
            self[name]
        except KeyError:
            return False
        return True

    @abstractmethod
    def _set(self, name: str, value: str) -> str:
        """Set a value. Return the status of the answer."""

    def change(self, name: str, value: str) -> str:
        """Change a value. Return the status of the charge point's answer.

        Raises:
            KeyError: the charge point has no such name.
        """
        before = self[name]
        status = self._set(name, value)
        if status in _CHANGED:
            self._before.setdefault(name, before)
        return status

    @property
    def has_changes(self) -> bool:
        """Whether a changed value is not restored yet."""
        return bool(self._before)

    def restore(self) -> None:
        """Restore every changed value to its value before the first change."""
        while self._before:
            name, value = self._before.popitem()
            status = self._set(name, value)
            assert status in _CHANGED, f"{name} cannot be restored to {value!r}: {status}"

    def _call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        return self._csms.call(action, payload, charge_point=self._charge_point)


class ConfigurationKeys(Configuration):
    """GetConfiguration and ChangeConfiguration (OCPP 1.6 sections 5.8 and 5.3)."""

    kind = "configuration key"
    action = "ChangeConfiguration"

    def __getitem__(self, name: str) -> str:
        """Return the value of a key.

        Raises:
            KeyError: the charge point does not know it.
        """
        answer = self._call("GetConfiguration", {"key": [name]})
        found = {entry["key"]: entry["value"] for entry in answer.get("configurationKey", [])}
        return str(found[name])

    def _set(self, name: str, value: str) -> str:
        return str(self._call(self.action, {"key": name, "value": value})["status"])


class Variables(Configuration):
    """GetVariables and SetVariables (OCPP 2.0.1 part 2, B05 and B06).

    A name consists of the component and its variable, with the instance if there is one:
    `OCPPCommCtrlr.HeartbeatInterval`, `DeviceDataCtrlr.ItemsPerMessage[GetReport]`.
    """

    kind = "variable"
    action = "SetVariables"

    def __getitem__(self, name: str) -> str:
        """Return the actual value of a variable.

        Raises:
            KeyError: the charging station does not have it, or does not let it be read.
            AuthorError: the name has another form.
        """
        answer = self._call("GetVariables", {"getVariableData": [_place(name)]})
        found = answer["getVariableResult"][0]
        if found["attributeStatus"] != "Accepted":
            raise KeyError(name)
        return str(found.get("attributeValue", ""))

    def _set(self, name: str, value: str) -> str:
        answer = self._call(self.action, {"setVariableData": [{**_place(name), "attributeValue": value}]})
        return str(answer["setVariableResult"][0]["attributeStatus"])


def _place(name: str) -> dict[str, Any]:
    """Return the component and the variable of a name, as messages have them.

    Raises:
        AuthorError: the name has another form.
    """
    found = _VARIABLE.fullmatch(name)
    if found is None:
        raise AuthorError(f"{name!r} is no variable: write its component too, as in AuthCtrlr.Enabled")
    variable = {"name": found["variable"]}
    if found["instance"]:
        variable["instance"] = found["instance"]
    return {"component": {"name": found["component"]}, "variable": variable}
