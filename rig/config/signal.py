"""The name of a wire: its section of the bench description and its key there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Signal:
    """A signal of docs/design.md#signals. Its text is `section.name`, e.g. `inputs.cable`.

    Attributes:
        section: the table of the bench description, e.g. `inputs`; empty if the parsed text had none.
        name: the key in that table, e.g. `cable`.
    """

    section: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Signal:
        """Parse the text of a signal. Any text is valid, because a record may come from another bench."""
        section, dot, name = text.partition(".")
        return cls(section, name) if dot else cls("", text)

    def __str__(self) -> str:
        """Return the text that the bench description, the timeline and messages use."""
        return f"{self.section}.{self.name}" if self.section else self.name


POWER_SWITCH = Signal("power", "switch")
RAIL_SENSE = Signal("power", "rail_sense")
EN = Signal("control", "en")
BOOT = Signal("control", "boot")
LOOP_DRIVE = Signal("loop", "drive")
LOOP_WATCH = Signal("loop", "watch")
