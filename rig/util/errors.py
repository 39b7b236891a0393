"""What can go wrong, by whose fault it is.

Three verdicts: a `BenchError` is trouble of the bench, an `AuthorError` a mistake of the test's author (both are
*errors* in every report); a `DeviceError` and a failed expectation are *failures* of the firmware under test.
"""

from __future__ import annotations

from typing import NamedTuple

from rig.util.redaction import without_url_passwords
from rig.util.text import visible_lines


class PlugbenchError(Exception):
    """The root of everything the rig raises on purpose.

    Args:
        message: in words; a URL in it loses its password, and control characters are escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__(visible_lines(without_url_passwords(message)))


class BenchError(PlugbenchError):
    """The bench itself is broken: a port vanished, a relay stuck, the CSMS port is taken.

    Args:
        what: what happened, in one line.
        fix: what the person at the bench can do about it.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        self.what = what
        self.fix = fix
        super().__init__(f"{what}. {fix}" if fix else what)


class AuthorError(PlugbenchError, ValueError):
    """The test is written wrongly: a misspelt name, a value that can never match, a call out of order.

    Each entry point that a test calls raises it before it does anything: waiting would not help, and neither the
    firmware nor the bench is at fault.
    """


class WaitEndedError(PlugbenchError):
    """A blocking call was ended from outside: its test has ended, or the task that awaited it was cancelled."""


class DescriptionError(BenchError):
    """A bench description (`benches/*.toml`) that cannot be used, by file and key."""


class DeviceError(PlugbenchError, AssertionError):
    """The firmware did something it must not do: a panic, an unexpected reboot, a boot that never ends."""


class Miss(NamedTuple):
    """What did not come in time, for the picture of a test.

    Attributes:
        lane: the wire it was expected on, such as `leds.status`; `ocpp`, `log` or `link`; empty where it has none.
        what: the expectation in words.
        since: when the wait began, in ns of bench time.
        until: when it ended.
    """

    lane: str
    what: str
    since: int
    until: int


class ExpectationError(PlugbenchError, AssertionError):
    """Something that was expected did not come, or something forbidden came.

    Args:
        message: in words.
        miss: what did not come, where that was waited for.
    """

    def __init__(self, message: str, miss: Miss | None = None) -> None:
        self.miss = miss
        super().__init__(message)
