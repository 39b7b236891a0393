"""A figure of Plugbench beside the same figure of its peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of `reports/perf.json`.

    Attributes:
        name: of the figure.
        unit: of all values.
        higher_is_better: false for a duration.
        ours: the median of Plugbench's runs.
        peers: the median of each peer's runs, by name and version.
    """

    name: str
    unit: str
    higher_is_better: bool
    ours: float
    peers: Mapping[str, float]

    @property
    def ratio(self) -> float | None:
        """Our value over the best peer's, above 1 if ours is better; None without peers or with a zero."""
        if not self.peers:
            return None
        best = max(self.peers.values()) if self.higher_is_better else min(self.peers.values())
        above, below = (self.ours, best) if self.higher_is_better else (best, self.ours)
        return above / below if below else None

    def record(self) -> dict[str, Any]:
        """Return the entry of the JSON file."""
        return asdict(self) | {"ratio": self.ratio}
