"""Basic authentication (RFC 7617)."""

from __future__ import annotations

import base64

_OTHER_SCHEMES = ("bearer", "digest", "negotiate", "ntlm")
"""The schemes that a message quotes. Any other word may be the credentials themselves, sent without a scheme."""


def credentials(authorization: str) -> tuple[bytes, bytes]:
    """Return user and password of a header Authorization.

    Raises:
        ValueError: the header is missing or has another form. The message describes the header without user and
            password.
    """
    scheme, _, encoded = authorization.partition(" ")
    if not authorization:
        raise ValueError("it sent no header Authorization")
    if scheme.lower() != "basic":
        shown = f"has the scheme {scheme!r}" if scheme.lower() in _OTHER_SCHEMES else "has no known scheme"
        raise ValueError(f"its header Authorization {shown}, not Basic")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except ValueError:  # also raised for a character that is not ASCII
        raise ValueError("its header Authorization is not Base64") from None
    if not colon:
        raise ValueError("its header Authorization has no ':' between user and password")
    return user, password
