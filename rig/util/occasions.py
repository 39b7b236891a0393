"""The occasions on which a fault takes effect: counted, limited and drawn from a seed."""

from __future__ import annotations

import random
from typing import Protocol


class Occasions(Protocol):
    """Some of the occasions on which a fault could take effect."""

    @property
    def first(self) -> int:
        """The number of the first one, among those that match since the fault began."""

    @property
    def times(self) -> int:
        """The number of occasions, from the first one on; 0: all."""

    @property
    def chance(self) -> int:
        """The probability in percent of each of these."""

    @property
    def seed(self) -> int:
        """Seeds the chance, and all that is random in the effect. The same occasions give the same effects."""


class OccasionCounter:
    """Counts occasions, and decides which of them a fault changes.

    Args:
        occasions: the occasions that the fault changes.

    Attributes:
        matched: the number of occasions so far.
        changed: the number of those that the fault has changed.
        rng: the source of everything random in its effect.
    """

    def __init__(self, occasions: Occasions) -> None:
        self.matched = 0
        self.changed = 0
        self.rng = random.Random(occasions.seed)
        self._occasions = occasions

    def take(self) -> bool:
        """Count an occasion, and return whether the fault changes it."""
        chosen = self._occasions
        self.matched += 1
        if self.matched < chosen.first or (chosen.times and self.matched >= chosen.first + chosen.times):
            return False
        # Drawn even at 100 %, so that the other random numbers of an effect do not depend on the chance.
        if self.rng.random() * 100 >= chosen.chance:
            return False
        self.changed += 1
        return True
