"""Steps around the file server: the files that it serves, and those that the charge point fetches and uploads."""

from __future__ import annotations

import random

from rig.ocpp.versions import Version
from rig.scenarios.player import Player
from rig.scenarios.step import DURATION, TEXT, Problems, Values, saves, step
from rig.timeline.events import FileTransfer


def _one_content(values: Values, _: Version) -> Problems:
    if ("text" in values.options) == ("size" in values.options):
        yield (), "give the content of the file: either a `text`, or a `size` in bytes"


@step(
    "file",
    {**TEXT, "description": "the name of a file"},
    options={
        "text": {"type": "string"},
        "size": {"type": "integer", "minimum": 0, "maximum": 16 << 20},
        "seed": {"type": "integer", "minimum": 0},
    },
    problems=_one_content,
)
def file(player: Player, values: Values) -> None:
    """Serve a file at `${files}/NAME`: a `text`, or `size` bytes at random from a `seed`."""
    text = values.get("text")
    data = random.Random(values.get("seed", 0)).randbytes(values.get("size", 0)) if text is None else text
    player.files.put(values.subject, data)


@step(
    "downloaded",
    {**TEXT, "description": "the name of a file, or a pattern such as *.bin"},
    options={"timeout": DURATION},
)
def downloaded(player: Player, values: Values) -> None:
    """Expect that the charge point downloads a file, or has downloaded it."""

    def has_content(transfer: FileTransfer) -> bool:
        return transfer.complete and transfer.status in (200, 206)

    player.files.expect_request(
        values.subject, method="GET", where=has_content, timeout=player.until(values.duration("timeout", 60.0))
    )


@step(
    "uploaded",
    {**TEXT, "description": "the name of a file, or a pattern such as *.log"},
    options={"timeout": DURATION, "save": saves("name", "size", "sha256")},
)
def uploaded(player: Player, values: Values) -> None:
    """Expect that the charge point uploads a file, or has uploaded it. `save` can take `name`, `size`, `sha256`."""
    found = player.files.expect_upload(values.subject, timeout=player.until(values.duration("timeout", 60.0)))
    player.save(values.get("save", {}), {"name": found.name, "size": found.size, "sha256": found.sha256})
