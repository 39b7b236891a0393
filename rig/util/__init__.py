"""Utilities that every other package of the rig uses."""
