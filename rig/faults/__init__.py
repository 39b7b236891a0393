"""The catalogue of faults. A fault is a value; only `inject` applies it, and it always lifts it."""

from rig.faults.board import BrownOut, FlashFull, HeapLeak, LowSupply, SlowErase, TornWrite
from rig.faults.catalogue import CATALOGUE, by_name
from rig.faults.csms import BadAnswers, BadHandshake, ClockJump, CsmsGone, CsmsRestart, CsmsSilent, HttpRefusal, NoPong
from rig.faults.fault import Fault
from rig.faults.injection import inject
from rig.faults.network import (
    AccessPointGone,
    BlackHole,
    ConnectionDrop,
    Latency,
    LeaseLost,
    SynIgnored,
    WifiEvents,
    WifiKick,
    WifiRejected,
    WifiSilence,
)
from rig.faults.power import PowerCut, Reset

__all__ = [
    "CATALOGUE",
    "AccessPointGone",
    "BadAnswers",
    "BadHandshake",
    "BlackHole",
    "BrownOut",
    "ClockJump",
    "ConnectionDrop",
    "CsmsGone",
    "CsmsRestart",
    "CsmsSilent",
    "Fault",
    "FlashFull",
    "HeapLeak",
    "HttpRefusal",
    "Latency",
    "LeaseLost",
    "LowSupply",
    "NoPong",
    "PowerCut",
    "Reset",
    "SlowErase",
    "SynIgnored",
    "TornWrite",
    "WifiEvents",
    "WifiKick",
    "WifiRejected",
    "WifiSilence",
    "by_name",
    "inject",
]
