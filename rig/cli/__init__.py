"""The command `rig`, one file per command."""

from rig.cli.app import main

__all__ = ["main"]
