"""A figure of ours beside the same figure of the peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One line of `reports/perf.json`.

    Attributes:
        name: what was measured.
        unit: of every figure.
        higher_is_better: or lower.
        ours: the median of our runs.
        peers: the medians of the peers', by name and version.
    """

    name: str
    unit: str
    higher_is_better: bool
    ours: float
    peers: Mapping[str, float]

    @property
    def ratio(self) -> float | None:
        """Ours over the best peer, above 1 is better; None where that cannot be said."""
        if not self.peers:
            return None
        best = max(self.peers.values()) if self.higher_is_better else min(self.peers.values())
        above, below = (self.ours, best) if self.higher_is_better else (best, self.ours)
        return above / below if below else None

    def record(self) -> dict[str, Any]:
        """As it stands in the file."""
        return asdict(self) | {"ratio": self.ratio}
