"""The command `rig`, one file per command."""
