"""Secrets that OCPP can carry, kept out of everything that is written or shown.

A test sees what the charge point sent, and may match on it: `OcppFrame.payload` is whole. What leaves the process, or
is put into words, is masked: the record and all that is made from it, messages, logs, the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

MASK = "********"

_SECRET_KEYS = frozenset({"authorizationkey", "wifi_psk", "password"})
# A letter of a key may be written as an escape; then only a parser finds the key.
_MENTIONS = re.compile(rf"{'|'.join(_SECRET_KEYS)}|\\u", re.IGNORECASE)
# In what is no JSON, such as half a frame. A value may come before or behind the key that makes it a secret.
_IN_TEXT = re.compile(
    rf'("(?:value|{"|".join(_SECRET_KEYS)})"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^",}}\]]+)',
    re.IGNORECASE | re.DOTALL,
)


def masked(content: Any) -> Any:
    """Decoded JSON without its secrets; the same object where there are none.

    Secrets are the values of keys that hold one, and the `value` beside a `key` that names one, as in
    ChangeConfiguration.req and GetConfiguration.conf (OCPP 1.6 sections 6.7 and 7.29), to any depth, and in texts.
    """
    if isinstance(content, str):
        return masked_text(content)
    if isinstance(content, Mapping):
        hidden = {key: MASK if is_secret(content, key) else masked(value) for key, value in content.items()}
        return content if all(hidden[key] is value for key, value in content.items()) else hidden
    if isinstance(content, list | tuple):
        parts = [masked(part) for part in content]
        return content if all(part is other for part, other in zip(parts, content, strict=True)) else parts
    return content


def masked_text(text: str) -> str:
    """A text that may be JSON, whole or in part, without its secrets; the same where there are none.

    JSON that had some is written anew.
    """
    if _MENTIONS.search(text) is None:
        return text
    try:
        content = orjson.loads(text)
        hidden = masked(content)
        return text if hidden is content else orjson.dumps(hidden).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):  # no JSON, or too deep for one of us
        return _IN_TEXT.sub(rf'\1"{MASK}"', text) if _names_a_secret(text) else text


def _names_a_secret(text: str) -> bool:
    return any(key in text.lower() for key in _SECRET_KEYS)


def is_secret(holder: Mapping[Any, Any], key: Any) -> bool:
    """Whether the value of a key is a secret.

    Args:
        holder: the JSON object.
        key: one of its keys.
    """
    if str(key).lower() in _SECRET_KEYS:
        return True
    return key == "value" and str(holder.get("key", "")).lower() in _SECRET_KEYS
