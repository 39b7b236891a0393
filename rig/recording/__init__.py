"""Turns the acts of a person at a bench, and the following messages and outputs, into a test."""

from rig.recording.pytest_file import pytest_file
from rig.recording.scenario_file import scenario_file
from rig.recording.steps import Step, steps_of, title_of

__all__ = ["Step", "pytest_file", "scenario_file", "steps_of", "title_of"]
