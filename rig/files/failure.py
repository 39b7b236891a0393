"""Failures of the file server: the requests that an effect changes, and how often."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from rig.files.effects import Effect
from rig.files.request import Request
from rig.util.occasions import OccasionCounter

RequestKind = Literal["any", "download", "upload"]
"""The kind of a request: `download` is GET or HEAD, `upload` is PUT or POST."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The requests that a failure changes.

    Attributes:
        path: a pattern of the file's name, such as `*.bin`, in which `*` also matches `/`.
        kind: the kind of the requests.
        first: the first request to change: 1 for the first that matches after the failure began.
        times: the number of requests to change, counted from `first`; 0 for all.
        chance: the probability, in percent, that such a request is changed.
        seed: seeds all that is random: the chance and the changes. The same requests get the same changes.
    """

    path: str = "*"
    kind: RequestKind = "any"
    first: int = 1
    times: int = 0
    chance: int = 100
    seed: int = 0

    def matches(self, request: Request) -> bool:
        """Return whether the selection counts a request."""
        kind = "upload" if request.is_upload else "download"
        return self.kind in ("any", kind) and fnmatchcase(request.name, self.path.removeprefix("/"))


class Failure(OccasionCounter):
    """An effect on the selected requests, while it is active.

    Args:
        name: the failure's name on the timeline.
        effect: the change.
        selection: the requests.

    Attributes:
        version: selects the content that the effect `Changed` serves in place of a file: a random number from the
            seed, the same for all requests.
    """

    def __init__(self, name: str, effect: Effect, selection: Selection) -> None:
        super().__init__(selection)
        self.name = name
        self.effect = effect
        self.version = random.Random(selection.seed).getrandbits(32)
        self._selection = selection

    def takes(self, request: Request) -> bool:
        """Count a request, and return whether the failure changes it."""
        possible = self.effect.uploads if request.is_upload else self.effect.downloads
        return possible and self._selection.matches(request) and self.take()
