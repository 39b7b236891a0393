"""A file server over HTTP and HTTPS: it serves images, takes uploads, and fails in chosen ways."""

from rig.files.effects import (
    Changed,
    Cut,
    CutUpload,
    Effect,
    FlippedByte,
    Redirect,
    Silent,
    SlowUpload,
    Stall,
    Status,
    Trickle,
    Truncated,
    WrongLength,
)
from rig.files.failure import Failure, Selection
from rig.files.instrument import Files
from rig.files.uploads import Upload

__all__ = [
    "Changed",
    "Cut",
    "CutUpload",
    "Effect",
    "Failure",
    "Files",
    "FlippedByte",
    "Redirect",
    "Selection",
    "Silent",
    "SlowUpload",
    "Stall",
    "Status",
    "Trickle",
    "Truncated",
    "Upload",
    "WrongLength",
]
