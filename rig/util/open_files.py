"""The limit of this process for open files, which connections and devices use up (getrlimit(2), RLIMIT_NOFILE)."""

from __future__ import annotations

import resource
import sys

from rig.util.errors import BenchError


def allow_open_files(needed: int, what: str) -> None:
    """Raise the limit of open files if it is too low.

    Args:
        needed: the number of open files.
        what: their users in messages, such as `500 connections`.

    Raises:
        BenchError: the system does not allow that many.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise BenchError(
            f"{what} need {needed} open files, and the limit of this process is {hard}",
            f"Run `ulimit -n {needed}` as root first, or choose fewer --points",
        )
    raise_open_files(needed)


def most_open_files() -> int:
    """Return the maximum number of open files of this process; `sys.maxsize` without a limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def raise_open_files(wanted: int) -> None:
    """Raise the limit of open files if it is too low, as far as the system allows.

    Args:
        wanted: the number of open files.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
