"""The local authorization list of a model that has one (OCPP 1.6 sections 5.10 and 5.15)."""

from __future__ import annotations

from tests.unit.scenarios.model import Model
from tests.unit.scenarios.model.session import Payload

KEY = "LocalAuthListEnabled"


class ModelWithList(Model):
    """The model with the version of a list, which can be disabled."""

    profiles = (*Model.profiles, "LocalAuthListManagement")

    list_version = 0

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.keys[KEY] = "true"

    def on_change_configuration(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.3."""
        if request["key"] != KEY:
            return super().on_change_configuration(request)
        self.keys[KEY] = request["value"]
        return {"status": "Accepted"}

    def on_get_local_list_version(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.10."""
        if self.keys[KEY] != "true":
            return super().on_get_local_list_version(request)
        return {"listVersion": self.list_version}

    def on_send_local_list(self, request: Payload) -> Payload:
        """OCPP 1.6 section 5.15."""
        if self.keys[KEY] != "true":
            return super().on_send_local_list(request)
        self.store(request)
        return {"status": "Accepted"}

    def store(self, request: Payload) -> None:
        """Store a list; an empty one has the version 0."""
        self.list_version = request["listVersion"] if request.get("localAuthorizationList") else 0
