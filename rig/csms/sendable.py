"""Validation of the payloads and answers that a test sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from rig.ocpp import schemas
from rig.ocpp.ocppj import CallError
from rig.util.errors import AuthorError


def validate_answer(action: str, answer: Mapping[str, Any] | CallError, *, check: bool) -> None:
    """Reject an answer that cannot be sent. Arguments and exceptions are those of `validate_sendable`."""
    if isinstance(answer, CallError):
        validate_sendable(action, answer.details, "response", check=False)  # `details` has no schema
    else:
        validate_sendable(action, answer, "response", check=check)


def validate_sendable(action: str, payload: Mapping[str, Any], kind: schemas.Kind, *, check: bool) -> None:
    """Reject a payload that cannot be sent.

    Args:
        action: the action of the payload.
        payload: the payload.
        kind: `request` or `response`.
        check: False allows a payload that breaks its schema.

    Raises:
        AuthorError: the payload is not JSON, or breaks its schema and `check` is set.
    """
    try:
        orjson.dumps(payload)
    except TypeError as error:
        raise AuthorError(
            f"the {kind} to send for {action} is not JSON: {error} (predicates and patterns are for expectations only)"
        ) from None
    if not check:
        return
    violation = schemas.check(action, payload, kind)
    if violation is not None:
        raise AuthorError(f"the {kind} to send for {action} breaks its schema: {violation.what} (check=False sends it)")
