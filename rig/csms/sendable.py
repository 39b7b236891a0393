"""What a test hands in to be sent must be possible to send, and right unless the test wants it wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from rig.ocpp import schemas
from rig.ocpp.ocppj import CallError
from rig.util.errors import AuthorError


def validate_answer(action: str, answer: Mapping[str, Any] | CallError, *, check: bool) -> None:
    """Refuse an answer that cannot be sent. Arguments and what is raised as for `validate_sendable`."""
    if isinstance(answer, CallError):
        validate_sendable(action, answer.details, "response", check=False)  # no schema says what details are
    else:
        validate_sendable(action, answer, "response", check=check)


def validate_sendable(action: str, payload: Mapping[str, Any], kind: schemas.Kind, *, check: bool) -> None:
    """Refuse a payload that cannot be sent.

    Args:
        action: what it belongs to.
        payload: the payload.
        kind: of a request, or of the response to one.
        check: False lets it break its schema.

    Raises:
        AuthorError: it is no JSON, or breaks its schema, and `check` is set.
    """
    try:
        orjson.dumps(payload)
    except TypeError as error:
        raise AuthorError(
            f"what is to be sent for {action} is no JSON: {error} (predicates and patterns only fit expectations)"
        ) from None
    if not check:
        return
    violation = schemas.check(action, payload, kind)
    if violation is not None:
        raise AuthorError(f"the {kind} to send for {action} breaks its schema: {violation.what} (check=False sends it)")
