"""The person who acts at the model, and the device by which cases with secrets reach the model."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

from cryptography import x509

from rig.csms import Csms
from rig.csms.certificate import Certificate
from rig.firmware.secrets import read_secrets
from tests.unit.scenarios.model import Model
from tests.unit.scenarios.model.security_ext import CSMS


class ModelPerson:
    """Carries out the requests of a scenario, and answers its questions."""

    def __init__(self, model: Model, loop: asyncio.AbstractEventLoop) -> None:
        self._model = model
        self._loop = loop
        self._actions = {
            "Plug the cable": model.plug_in,
            "Unplug the cable": model.unplug,
            "Present the card": model.present_tag,
            "Press the emergency stop": model.press_emergency_stop,
        }

    def do(self, request: str) -> None:
        """Act."""
        action = next(action for words, action in self._actions.items() if request.startswith(words))
        self._loop.call_soon_threadsafe(action)

    def confirm(self, question: str) -> bool:
        """Look at the contactor, or at the connection."""
        if "contactor" in question:
            return ("on (closed)" in question) == (self._model.transaction is not None)
        assert question.startswith("Is the status of the charge point accepted = True"), question
        return self._model.registered.is_set()


class ModelDevice:
    """The part of a device that the step `secured` uses to write secrets and to provision a profile."""

    def __init__(self, model: Model, csms: Csms, loop: asyncio.AbstractEventLoop) -> None:
        self._model = model
        self._csms = csms
        self._loop = loop
        partition = SimpleNamespace(offset=0, size=1 << 16)
        self.firmware = SimpleNamespace(
            manifest=SimpleNamespace(partition_table=lambda: {"secrets": partition}, chip="none")
        )
        self.bench = SimpleNamespace(
            csms=csms,
            csms_url=csms.url(),
            timeline=csms.timeline,
            flasher=self,
            description=SimpleNamespace(device=SimpleNamespace(identity=model.identity, firmware="host")),
        )

    def flash_filesystem(self, image: bytes, *_: Any) -> None:
        """Take the roots and the certificate of the model from its secrets."""
        blobs = read_secrets(image)
        self._model.roots[CSMS] = [x509.load_pem_x509_certificate(blobs["root"])] if "root" in blobs else []
        self._model.certificate = Certificate(
            *(blobs.get(name, b"").decode() for name in ("client_chain", "client_key"))
        )
        self._model.password = blobs.get("auth_key", b"")

    def configure(self, security_profile: int = 0, **_: object) -> None:
        """Put the model on a profile; it boots."""
        self._model.keys["SecurityProfile"] = str(security_profile)
        self._model.url = self._csms.url()
        self.wait_for(self._model.restart())

    def wait_for(self, work: Coroutine[Any, Any, Any]) -> None:
        """Wait for the model, in bench time."""
        deadline = self._csms.timeline.clock.deadline(60)
        deadline.result(asyncio.run_coroutine_threadsafe(work, self._loop))
