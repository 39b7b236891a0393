"""A fake CSMS for OCPP 1.6J. It behaves normally until a test changes that, and validates and records every frame."""

from rig.csms import answers
from rig.csms.authority import Authority
from rig.csms.certificate import Certificate
from rig.csms.configuration_keys import ConfigurationKeys
from rig.csms.instrument import CallErrorReceived, Csms, Held
from rig.csms.security import Security
from rig.csms.state import Connector, Setting, State
from rig.ocpp import messages
from rig.ocpp.ocppj import CallError
from rig.ocpp.samples import Sample
from rig.ocpp.transactions import Transaction

__all__ = [
    "Authority",
    "CallError",
    "CallErrorReceived",
    "Certificate",
    "ConfigurationKeys",
    "Connector",
    "Csms",
    "Held",
    "Sample",
    "Security",
    "Setting",
    "State",
    "Transaction",
    "answers",
    "messages",
]
