"""The fake CSMS in a test's hands: expect, call, answer otherwise, misbehave. Each has a file of its own here."""

from rig.csms.instrument.calls import CallErrorReceived
from rig.csms.instrument.csms import Csms
from rig.csms.instrument.replies import Held

__all__ = ["CallErrorReceived", "Csms", "Held"]
