"""Read and change the configuration keys of the device by OCPP."""

from __future__ import annotations

from rig.csms.instrument import Csms


class ConfigurationKeys:
    """GetConfiguration and ChangeConfiguration (OCPP 1.6 sections 5.8 and 5.3); changes can be restored.

    Args:
        csms: the bench's CSMS.
    """

    def __init__(self, csms: Csms) -> None:
        self._csms = csms
        self._before: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        """Return the value of a key.

        Raises:
            KeyError: the device does not know it.
        """
        answer = self._csms.call("GetConfiguration", {"key": [key]})
        found = {entry["key"]: entry["value"] for entry in answer.get("configurationKey", [])}
        return str(found[key])

    def change(self, key: str, value: str) -> str:
        """Change a key. Return the status of the device's answer."""
        before = self[key]
        answer = self._csms.call("ChangeConfiguration", {"key": key, "value": value})
        if answer["status"] in ("Accepted", "RebootRequired"):
            self._before.setdefault(key, before)
        return str(answer["status"])

    @property
    def has_changes(self) -> bool:
        """Whether a changed key is not restored yet."""
        return bool(self._before)

    def restore(self) -> None:
        """Restore the first value of every changed key."""
        while self._before:
            key, value = self._before.popitem()
            answer = self._csms.call("ChangeConfiguration", {"key": key, "value": value})
            assert answer["status"] in ("Accepted", "RebootRequired"), (
                f"{key} cannot be restored to {value!r}: {answer}"
            )
