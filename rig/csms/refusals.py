"""How an opening handshake can be refused (RFC 6455 section 4.2.2)."""

from __future__ import annotations

from http import HTTPStatus

REFUSALS: tuple[int, ...] = tuple(status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST)
"""The HTTP statuses that say no: only those that have a name can be sent."""
