"""Unfinished work, paths of one machine and hosts of package registries in the files of the repository."""

from __future__ import annotations

import re
from pathlib import Path

from tools.lint.check import Result, tracked_files

# Written in parts, so that the check does not find this file.
RULES = {
    re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK|W" r"IP|TB" r"D)\b"): "unfinished: do it, or open an issue",
    re.compile(r"\b(?:not implemented" r" yet|coming" r" soon)\b", re.I): "unfinished: do it, or do not mention it",
    re.compile(r"(?<![\w.~])/(?:root|home/\w+|Users/\w+)/"): "a path of one machine",
    re.compile(
        r"\b(?:pypi\."
        r"org|files\.python"
        r"hosted\.org|registry\.npm"
        r"js\.org|deb\.deb"
        r"ian\.org"
        r"|archive\.rasp"
        r"bian\.org|proxy\.gol"
        r"ang\.org)\b"
    ): "the host of a package registry: each machine's own configuration says where packages come from",
}


def run(root: Path) -> Result:
    """Search every tracked text file."""
    findings = []
    for path in tracked_files(root):
        data = path.read_bytes()
        if b"\0" in data:
            continue
        for number, line in enumerate(data.decode(errors="replace").splitlines(), start=1):
            for pattern, reason in RULES.items():
                match = pattern.search(line)
                if match:
                    findings.append(f"{path.relative_to(root)}:{number}: {match[0]!r}: {reason}")
    return Result(findings)
