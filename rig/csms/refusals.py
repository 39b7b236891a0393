"""HTTP statuses that refuse an opening handshake (RFC 6455 section 4.2.2)."""

from __future__ import annotations

from http import HTTPStatus

REFUSALS: tuple[int, ...] = tuple(status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST)
"""The HTTP error statuses with a name. The HTTP library can send no others."""
