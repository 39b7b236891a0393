"""Secrets that OCPP, a console and a URL can carry, kept out of everything that is written or shown.

A test sees what the charge point sent, and may match on it: `OcppFrame.payload` and `LogLine.text` are whole. What
leaves the process, or is put into words, is masked: the record and all that is made from it, messages, logs, the
terminal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from rig.util.plain_json import plain

MASK = "********"

_SECRET_KEYS = frozenset({"authorizationkey", "wifi_psk", "psk", "password"})
# In what is no JSON, such as half a frame. A value may come before or behind the key that makes it a secret.
_IN_TEXT = re.compile(
    rf'("(?:value|{"|".join(_SECRET_KEYS)})"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^",}}\]]+)',
    re.IGNORECASE | re.DOTALL,
)
# The password of a URL's userinfo (RFC 3986 section 3.2.1), also where it has an @ or a / that should have been
# escaped, or the text ends before the @. A port is none. JSON may escape a slash, a path loses one. Bounded, because a
# device may print anything.
_IN_URL = re.compile(
    r"""
    (:(?:\\?/){1,2}[^\s/?#@:"\\\[\]]{0,512}:)
    (?:
        [^\s/?#"]{0,512}(?=@)
        | (?!\d{0,5}(?:[/?#,;)\]}>'"\\\s]|\Z)) (?:[^\s"@]{0,512}(?=@)|[^\s/?#"@]{1,512}\Z)
    )
    """,
    re.VERBOSE,
)


def masked(content: Any) -> Any:
    """Decoded JSON without its secrets; the same object where there are none.

    Secrets are the passwords in URLs, the values of keys that hold one, and the `value` beside a `key` that names one,
    as in ChangeConfiguration.req and GetConfiguration.conf (OCPP 1.6 sections 6.7 and 7.29), to any depth and in texts.
    An object that is no JSON, such as a path or an enum, is masked as the JSON or the text that it is written as.
    """
    if isinstance(content, str):
        return masked_text(content)
    if isinstance(content, Mapping):
        hidden = {key: MASK if is_secret(content, key) else masked(value) for key, value in content.items()}
        return content if all(hidden[key] is value for key, value in content.items()) else hidden
    if isinstance(content, list | tuple):
        parts = [masked(part) for part in content]
        return content if all(part is other for part, other in zip(parts, content, strict=True)) else parts
    if content is None or isinstance(content, int | float):
        return content
    written = plain(content)
    shown = masked(written)
    return content if shown is written else shown


def masked_text(text: str) -> str:
    """A text that may be JSON, whole or in part, without its secrets; the same where there are none.

    JSON in which a key makes a value a secret is written anew.
    """
    text = without_url_passwords(text)
    lower = text.lower()
    # A letter of a key, or the @ of a URL, may be written as an escape; then only a parser finds it.
    if "\\u" not in lower and not _names_a_secret(lower):
        return text
    try:
        content = orjson.loads(text)
        hidden = masked(content)
        return text if hidden is content else orjson.dumps(hidden).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):  # no JSON, or too deep for one of us
        return _IN_TEXT.sub(rf'\1"{MASK}"', text) if _names_a_secret(lower) else text


def without_url_passwords(text: str) -> str:
    """A text in words, without the password of each URL in it; the same where there is none."""
    return _IN_URL.sub(rf"\1{MASK}", text) if ":/" in text or ":\\/" in text else text


def _names_a_secret(lower: str) -> bool:
    for key in _SECRET_KEYS:  # noqa: SIM110 - asked of every line of the console, and `any` takes twice as long
        if key in lower:
            return True
    return False


def is_secret(holder: Mapping[Any, Any], key: Any) -> bool:
    """Whether the value of a key is a secret.

    Args:
        holder: the JSON object.
        key: one of its keys.
    """
    if str(key).lower() in _SECRET_KEYS:
        return True
    return key == "value" and str(holder.get("key", "")).lower() in _SECRET_KEYS
