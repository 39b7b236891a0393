"""The login of clients by Basic authentication (RFC 7617)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from rig.files.request import LOGIN_IS_REQUIRED, RejectedError
from rig.util.basic_auth import credentials
from rig.util.redaction import remember_secrets

USER = "files"
"""The user of a generated login."""


def generated_login() -> dict[str, bytes]:
    """Return a login with a new password, which no output of this process shows."""
    password = secrets.token_urlsafe(18)
    remember_secrets({"password": password})
    return {USER: password.encode()}


def validate_login(logins: Mapping[str, bytes], authorization: str) -> None:
    """Check a header Authorization.

    Args:
        logins: the passwords by user; empty: everybody may use the server.
        authorization: the header; empty if it is missing.

    Raises:
        RejectedError: the login is wrong. The reason quotes nothing of it.
    """
    if not logins:
        return
    try:
        user, password = credentials(authorization)
    except ValueError as error:
        raise _unauthorized(str(error)) from None
    known = [expected for name, expected in logins.items() if name.encode() == user]
    if not known or not hmac.compare_digest(password, known[0]):
        raise _unauthorized("its user or its password is wrong")


def _unauthorized(why: str) -> RejectedError:
    return RejectedError(401, why, LOGIN_IS_REQUIRED)
