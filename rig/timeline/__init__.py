"""The timeline: all events of all instruments, in order and on one clock."""

from rig.timeline.timeline import Mark, Timeline

__all__ = ["Mark", "Timeline"]
