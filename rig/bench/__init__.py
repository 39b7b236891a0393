"""The bench: everything between a test and the device."""

from rig.bench.bench import Bench

__all__ = ["Bench"]
