"""The calls of a fake CSMS, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from rig.csms import Csms
from rig.csms.answers import RegistrationStatus
from rig.csms.replacement import Replacement
from rig.live.calls import Call, Caller
from rig.live.messages import RequestError
from rig.ocpp.messages import AuthorizationStatus
from rig.ocpp.ocppj import CallError
from rig.util.checked import Count, Limits, Seconds, Text

_MOST_TAGS = 10_000

CloseCode = Annotated[int, Limits(least=1000, most=4999)]


class CsmsCalls:
    """The calls of a CSMS.

    Args:
        csms: returns the present CSMS: a reopened bench has a new one.
    """

    def __init__(self, csms: Callable[[], Csms]) -> None:
        self._csms = csms
        self._replaced: dict[tuple[str, str | None], Replacement] = {}

    def table(self) -> dict[str, Call]:
        """Return the calls by name."""
        return {
            "csms.call": Call(self.call, waits=True),
            "csms.answer": Call(self.answer),
            "csms.normal": Call(self.normal),
            "csms.send": Call(self.send),
            "csms.close": Call(self.close),
            "csms.register": Call(self.register),
            "csms.tag": Call(self.tag),
            "csms.tags": Call(self.tags, acts=False),
            "csms.configuration": Call(self.configuration, acts=False),
            "csms.variables": Call(self.variables, acts=False),
            "csms.strict": Call(self.strict),
        }

    def call(
        self,
        _caller: Caller,
        action: Text,
        payload: dict[str, Any] | None = None,
        charge_point: str | None = None,
        timeout: Seconds = 10.0,
        check: bool = True,
    ) -> dict[str, Any]:
        """Call a charge point, and return the payload of its answer."""
        csms = self._csms()
        _require_known(csms, charge_point)
        return csms.call(action, payload, timeout=timeout, check=check, charge_point=charge_point)

    def answer(
        self,
        _caller: Caller,
        action: Text,
        answer: dict[str, Any] | None = None,
        error: str = "",
        description: str = "",
        times: Count | None = 1,
        charge_point: str | None = None,
        check: bool = True,
    ) -> None:
        """Replace the next answers to an action by a payload, or by a CALLERROR with the code `error`."""
        csms = self._csms()
        _require_known(csms, charge_point)
        reply = CallError(error, description) if error else answer or {}
        replaced = csms.answer(action, reply, times, check=check, charge_point=charge_point)
        # An action has at most one replacement by hand: a new one takes the place of the earlier one.
        self._undo(action, charge_point)
        self._replaced[action, charge_point] = replaced

    def normal(self, _caller: Caller, action: Text, charge_point: str | None = None) -> None:
        """Give the normal answer to an action again."""
        if not self._undo(action, charge_point):
            raise RequestError("request", f"no answer to {action} was replaced by hand. `rig csms answer` replaces one")

    def _undo(self, action: str, charge_point: str | None) -> bool:
        replaced = self._replaced.pop((action, charge_point), None)
        if replaced is not None:
            replaced.undo()
        return replaced is not None

    def send(self, _caller: Caller, text: Text, charge_point: str | None = None) -> None:
        """Send any text to a charge point, valid or not."""
        csms = self._csms()
        _require_known(csms, charge_point)
        csms.send_raw(text, charge_point=charge_point)

    def close(self, _caller: Caller, code: CloseCode = 1000, reason: str = "", charge_point: str | None = None) -> None:
        """Close the connection of a charge point with a close code."""
        csms = self._csms()
        _require_known(csms, charge_point)
        csms.close(code, reason, charge_point=charge_point)

    def register(
        self, _caller: Caller, status: RegistrationStatus, interval: Annotated[int, Limits(least=0, most=1e7)] = 300
    ) -> None:
        """Answer each BootNotification from now on with this status and interval, in seconds."""
        behaviour = self._csms().behaviour
        behaviour.registration, behaviour.heartbeat_interval_s = status, interval

    def tag(self, _caller: Caller, id_tag: Text, status: AuthorizationStatus | None = None) -> None:
        """Set the authorization status of an idTag; null removes it from the list."""
        tags = self._csms().behaviour.tags
        for known in [known for known in tags if known.casefold() == id_tag.casefold()]:
            del tags[known]
        if status is not None:
            if len(tags) >= _MOST_TAGS:
                raise RequestError("request", f"the list holds {_MOST_TAGS} idTags, the most. Remove one first")
            tags[id_tag] = status

    def tags(self, _caller: Caller) -> dict[str, Any]:
        """Return the list of idTags with their status, and the status of every other idTag."""
        behaviour = self._csms().behaviour
        return {"tags": dict(behaviour.tags), "unlisted": behaviour.unlisted_tag}

    def strict(self, _caller: Caller, strict: bool = True) -> None:
        """Set whether deviations that real CSMSs tolerate are violations; if not, they are accepted and noted."""
        self._csms().behaviour.strict = strict

    def variables(self, _caller: Caller) -> dict[str, dict[str, str | None]]:
        """Return the variables of each charging station of OCPP 2.x, as last reported, read or set."""
        csms = self._csms()
        return {
            name: {
                f"{component}/{variable}": found.value
                for (component, variable), found in csms.station_of(name).variables.items()
            }
            for name in csms.charge_points
        }

    def configuration(self, _caller: Caller) -> dict[str, dict[str, str | None]]:
        """Return the configuration keys of each charge point, as last read or changed."""
        csms = self._csms()
        return {
            name: {key: setting.value for key, setting in csms.state_of(name).configuration.items()}
            for name in csms.charge_points
        }


def _require_known(csms: Csms, charge_point: str | None) -> None:
    """Reject a name that no charge point has had: it would become a new record of the CSMS.

    Raises:
        RequestError: the charge point has never connected.
    """
    known = csms.charge_points
    if charge_point is not None and charge_point not in known:
        raise RequestError(
            "request",
            f"no charge point {charge_point!r} has connected. Known ones: {', '.join(known) or 'none'}",
        )
