"""One clock, one order: every instrument publishes typed events here, and everything else reads them."""

from rig.timeline.timeline import Mark, Timeline

__all__ = ["Mark", "Timeline"]
