"""A fake CSMS for OCPP 1.6J: normal unless told otherwise, everything judged and recorded."""

from rig.csms import answers, messages
from rig.csms.instrument import CallErrorReceived, Csms, Held
from rig.csms.ocppj import CallError
from rig.csms.state import Connector, Setting, State
from rig.csms.transactions import Sample, Transaction

__all__ = [
    "CallError",
    "CallErrorReceived",
    "Connector",
    "Csms",
    "Held",
    "Sample",
    "Setting",
    "State",
    "Transaction",
    "answers",
    "messages",
]
