"""HTTP statuses that refuse or redirect an opening handshake (RFC 6455 section 4.1)."""

from __future__ import annotations

from http import HTTPStatus

REFUSALS: tuple[int, ...] = tuple(status.value for status in HTTPStatus if status >= HTTPStatus.MULTIPLE_CHOICES)
"""The redirections and HTTP error statuses with a name. The HTTP library can send no others."""
