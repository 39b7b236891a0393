"""The code and the reason that a close frame of WebSocket can hold (RFC 6455 section 5.5)."""

from __future__ import annotations

from typing import Annotated

from rig.util.checked import Limits
from rig.util.errors import AuthorError

_LARGEST_CODE = 0xFFFF
_LONGEST_REASON = 123
"""In bytes: a control frame has at most 125, of which the code takes two."""

CloseCode = Annotated[int, Limits(least=0, most=_LARGEST_CODE)]
"""Any close code, even one that must not be on the wire (section 7.4)."""
CloseReason = Annotated[str, Limits(most=_LONGEST_REASON)]


def validate_close_reason(what: str, reason: str) -> None:
    """Check that a close reason fits into the frame in UTF-8.

    Args:
        what: the name of the checked object in messages.
        reason: the reason.

    Raises:
        AuthorError: the reason is too long.
    """
    if (size := len(reason.encode())) > _LONGEST_REASON:
        raise AuthorError(f"{what}: reason has at most {_LONGEST_REASON} bytes of UTF-8, not {size}")
