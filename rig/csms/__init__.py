"""A fake CSMS for OCPP 1.6J, 2.0.1 and 2.1. It validates and records frames, and is normal until changed."""

from rig.csms import answers
from rig.csms.authority import Authority
from rig.csms.certificate import Certificate
from rig.csms.configuration import ConfigurationKeys, Variables
from rig.csms.instrument import CallErrorReceived, Csms, Held
from rig.csms.security import Security
from rig.csms.state import Connector, Setting, State
from rig.csms.station import Station, Variable
from rig.ocpp import messages
from rig.ocpp.ocppj import CallError
from rig.ocpp.samples import Sample
from rig.ocpp.transaction_events import StationTransaction
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
    "Station",
    "StationTransaction",
    "Transaction",
    "Variable",
    "Variables",
    "answers",
    "messages",
]
