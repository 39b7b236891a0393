"""The configuration keys of the device, as a CSMS reads and changes them."""

from __future__ import annotations

from rig.csms import Csms


class ConfigurationKeys:
    """GetConfiguration and ChangeConfiguration (OCPP 1.6 sections 5.8 and 5.3), with what was changed taken back.

    Args:
        csms: the bench's CSMS.
    """

    def __init__(self, csms: Csms) -> None:
        self._csms = csms
        self._before: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        """The value of a key.

        Raises:
            KeyError: the device does not know it.
        """
        answer = self._csms.call("GetConfiguration", {"key": [key]})
        found = {entry["key"]: entry["value"] for entry in answer.get("configurationKey", [])}
        return str(found[key])

    def change(self, key: str, value: str) -> str:
        """Change a key. Returns the status that the device answers with."""
        before = self[key]
        answer = self._csms.call("ChangeConfiguration", {"key": key, "value": value})
        if answer["status"] in ("Accepted", "RebootRequired"):
            self._before.setdefault(key, before)
        return str(answer["status"])

    def take_back(self) -> None:
        """Give every key that was changed its first value again."""
        while self._before:
            key, value = self._before.popitem()
            answer = self._csms.call("ChangeConfiguration", {"key": key, "value": value})
            assert answer["status"] in ("Accepted", "RebootRequired"), (
                f"{key} cannot be set back to {value!r}: {answer}"
            )
