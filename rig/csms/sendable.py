"""Validation of the payloads and answers that a test sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from rig.ocpp import schemas
from rig.ocpp.ocppj import CallError
from rig.ocpp.versions import V16, Version
from rig.util.arguments import did_you_mean
from rig.util.errors import AuthorError


def validate_answer(
    action: str, answer: Mapping[str, Any] | CallError, *, check: bool, versions: Sequence[Version] = (V16,)
) -> None:
    """Reject an answer that cannot be sent. Arguments and exceptions are those of `validate_sendable`."""
    if isinstance(answer, CallError):
        validate_sendable(action, answer.details, "response", check=False)  # `details` has no schema
        codes = frozenset[str]().union(*(version.error_codes for version in versions))
        if check and answer.code not in codes:
            meant = did_you_mean(answer.code, codes)
            nearest = f"; did you mean {meant!r}?" if meant else "."
            raise AuthorError(
                f"{answer.code!r} is not the code of a CALLERROR{nearest} The codes are: {', '.join(sorted(codes))} "
                "(check=False sends it)"
            )
    else:
        validate_sendable(action, answer, "response", check=check, versions=versions)


def validate_sendable(
    action: str,
    payload: Mapping[str, Any],
    kind: schemas.Kind,
    *,
    check: bool,
    versions: Sequence[Version] = (V16,),
) -> None:
    """Reject a payload that cannot be sent.

    Args:
        action: the action of the payload.
        payload: the payload.
        kind: `request` or `response`.
        check: False allows a payload that breaks its schema.
        versions: the versions that the charge point may have. The payload must be valid in at least one of them.

    Raises:
        AuthorError: the payload is not JSON; or `check` is True, and the payload breaks its schema.
    """
    try:
        orjson.dumps(payload)
    except TypeError as error:
        raise AuthorError(
            f"the {kind} to send for {action} is not JSON: {error} (predicates and patterns are for expectations only)"
        ) from None
    if not check:
        return
    found = [schemas.check(action, payload, kind, version) for version in versions]
    if all(found):
        # The error of the first version that has the action is the most specific one.
        known = (each for each in found if each is not None and each.code != "NotImplemented")
        violation = next(known, found[0])
        assert violation is not None
        raise AuthorError(f"the {kind} to send for {action} breaks its schema: {violation.what} (check=False sends it)")
