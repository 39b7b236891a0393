"""The command `rig`, one file per command."""

from rig.cli.start import main

__all__ = ["main"]
