"""The fake CSMS as an instrument of tests. Each part, such as expectations or misbehaviour, has its own file."""

from rig.csms.instrument.calls import CallErrorReceived
from rig.csms.instrument.csms import Csms
from rig.csms.instrument.replies import Held

__all__ = ["CallErrorReceived", "Csms", "Held"]
