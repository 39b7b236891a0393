"""The rig's exceptions, one family per verdict.

`BenchError` is an error of the bench and `AuthorError` an error of the test: reports show both as *errors*.
`DeviceError` and `ExpectationError` are *failures* of the firmware under test.
"""

from __future__ import annotations

from typing import NamedTuple

from rig.util.redaction import without_url_passwords
from rig.util.text import visible_lines


class PlugbenchError(Exception):
    """The base class of all exceptions that the rig itself raises.

    Args:
        message: the message; passwords in its URLs are masked and control characters are escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__(visible_lines(without_url_passwords(message)))


class BenchError(PlugbenchError):
    """The bench itself does not work: a port vanished, a load switch is stuck, a TCP port is taken.

    Attributes:
        what: the problem, in one line.
        fix: the remedy for the user.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        self.what = what
        self.fix = fix
        # A text from elsewhere may have its full stop already.
        end = "" if what.endswith((".", "?", "!")) else "."
        super().__init__(f"{what}{end} {fix}" if fix else what)


class AuthorError(PlugbenchError, ValueError):
    """An error in the test: a misspelt name, a value that can never match, a call out of order.

    Every function that a test calls raises it at once, before it changes or waits for anything.
    """


class WaitEndedError(PlugbenchError):
    """A blocking call was ended, because the test has ended or the task was cancelled."""


class DescriptionError(BenchError):
    """A bench description (`benches/*.toml`) is invalid. The message names the file and the key."""


class DeviceError(PlugbenchError, AssertionError):
    """The firmware misbehaved: a panic, an unexpected reboot, a boot that did not finish in time."""


class Miss(NamedTuple):
    """An expected event that did not occur in time, for the test's picture in the report.

    Attributes:
        lane: the lane of the event, such as `leds.status`, `ocpp`, `log` or `link`; empty if the event has none.
        what: the expectation in words.
        since: when the wait began, in ns of bench time.
        until: when the wait ended, in ns of bench time.
    """

    lane: str
    what: str
    since: int
    until: int


class ExpectationError(PlugbenchError, AssertionError):
    """An expected event did not occur, or a forbidden event occurred.

    Args:
        message: the message.
        miss: the missing event; None if the test did not wait for one.
    """

    def __init__(self, message: str, miss: Miss | None = None) -> None:
        self.miss = miss
        super().__init__(message)
