"""Masks the secrets that OCPP frames, console lines and URLs can contain, in all output.

A secret is found by its name, such as `AuthorizationKey`, or by its value, if this process knows it
(`rig.util.known_secrets`).

Tests match on unmasked data: `OcppFrame.payload` and `LogLine.text`. All output is masked: the record and the reports
made from it, messages, logs and the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import is_ as _is
from typing import Any
from urllib.parse import unquote

import orjson

from rig.util.known_secrets import holds_known_secret, is_known_secret, remember_secret, without_known_secrets
from rig.util.plain_json import plain
from rig.util.secret_names import is_ambiguous, is_key_name, is_secret_name, is_value_name, may_name_secret
from rig.util.secret_pairs import MASK, has_escapes, masked_pairs, without_escapes
from rig.util.secret_values import is_figure

__all__ = [
    "MASK",
    "is_secret",
    "masked",
    "masked_text",
    "may_hold_secret",
    "remember_secrets",
    "without_url_passwords",
]

# The password in a URL's userinfo (RFC 3986 section 3.2.1), also with an unescaped @ or /, or if the text ends before
# the @. A port is not a password. JSON may escape a slash, and normalizing a path drops a slash. Repetitions are
# bounded, because a device may print anything.
_IN_URL = re.compile(
    r"""
    (:(?:\\?/){1,2}[^\s/?#@:"\\\[\]]{0,512}:)
    (?:
        [^\s/?#"]{0,512}(?=@)
        | (?!(?:[0-5]?\d{0,4}|6(?:[0-4]\d{3}|5(?:[0-4]\d\d|5(?:[0-2]\d|3[0-5]))))
             (?:[/?#,;)\]}>'"\\\s]|\Z)) (?:[^\s"@]{0,512}(?=@)|[^\s/?#"@]{1,512}\Z)
    )
    """,
    re.VERBOSE,
)

_USERINFO = re.compile(r"[a-z][a-z0-9+.\-]*://[^\s/?#@:]*:([^\s/?#]*)@", re.IGNORECASE)


def masked(content: Any, *, beside_key: bool = False) -> Any:
    """Mask the secrets in decoded JSON. Returns the same object if there are none.

    Secrets are passwords in URLs, values of names that mean a secret (`rig.util.secret_names`), and the value next to a
    key that names a secret. ChangeConfiguration.req and GetConfiguration.conf have such keys (OCPP 1.6 sections 6.7 and
    7.29). Secrets are masked at any depth, in texts and in the names of an object. The values next to a variable may be
    in a list, as in NotifyReportRequest (OCPP 2.0.1 part 2 section 2.50). An object that is not JSON, such as a path or
    an enum, is first converted to JSON or text.

    Args:
        content: decoded JSON.
        beside_key: whether the content is a list next to a key that names a secret.
    """
    if isinstance(content, str):
        return masked_text(content)
    if isinstance(content, Mapping):
        names_secret = beside_key or _names_secret(content)
        hidden = {
            masked_text(key) if isinstance(key, str) else key: (
                MASK
                if _is_secret(key, beside_key=names_secret) and not (is_figure(value) and is_ambiguous(str(key)))
                else masked(value, beside_key=names_secret and isinstance(value, list | tuple))
            )
            for key, value in content.items()
        }
        same = all(map(_is, hidden, content)) and all(map(_is, hidden.values(), content.values()))
        return content if same and len(hidden) == len(content) else hidden
    if isinstance(content, list | tuple):
        if content and isinstance(content[0], int) and holds_known_secret(content):
            return MASK
        parts = [masked(part, beside_key=beside_key) for part in content]
        if all(map(_is, parts, content)):
            return content
        return tuple(parts) if isinstance(content, tuple) else parts
    if content is None or isinstance(content, int | float):
        return MASK if is_known_secret(content) else content
    written = plain(content)
    shown = masked(written)
    return content if shown is written else shown


def masked_text(text: str) -> str:
    """Mask the secrets in a text that may be or contain JSON. Returns the same object if there are none.

    JSON with a secret is encoded again, so its spacing may change.
    """
    text = without_url_passwords(text)
    if text.isidentifier():  # a single word, such as the name of a field
        return text
    lower = text.lower()
    # A letter of a name, or the @ of a URL, may be escaped.
    escaped = has_escapes(lower)
    if not escaped and not may_name_secret(lower) and not _may_hide_in_json(lower):
        return text
    try:
        content = orjson.loads(text)
        hidden = masked(content)
        return text if hidden is content else orjson.dumps(hidden, option=orjson.OPT_NON_STR_KEYS).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):  # not JSON, or nested too deep
        plainly = without_escapes(text) if escaped else text
        shown = masked_pairs(without_url_passwords(plainly))
        return text if shown == plainly else shown


def may_hold_secret(text: str) -> bool:
    """Return whether `masked_text` may change a text, or any part of it: fast, with false positives only.

    Args:
        text: a text, or several texts joined with newlines.
    """
    if "\\" in text or ":/" in text or has_escapes(text):
        return True
    return without_known_secrets(text) is not text or may_name_secret(text.lower())


def _may_hide_in_json(lower: str) -> bool:
    """Return whether a text may be JSON whose decoded texts show a secret that the text itself does not.

    An escape can stand for any letter of a known secret or of a URL. A text can end within a URL.
    """
    if lower[:1] not in ("[", "{") or ("\\" not in lower and "/" not in lower):
        return False
    return "\\u" in lower or ":/" in lower or ":\\/" in lower


def without_url_passwords(text: str) -> str:
    """Mask known secrets and the passwords of URLs in a text. Returns the same object if there are none."""
    text = without_known_secrets(text)
    # Most texts have no slash. To find one character takes a tenth of the time of finding two.
    if "/" not in text or (":/" not in text and ":\\/" not in text):
        return text
    shown = _IN_URL.sub(rf"\1{MASK}", text)
    return text if shown == text else shown


def remember_secrets(content: Any, *, beside_key: bool = False) -> None:
    """Remember the secrets in decoded JSON: values whose names mean a secret, and passwords of URLs.

    Only for data from the bench itself: a device could declare any word a secret.

    Args:
        content: decoded JSON, such as the payload of ChangeConfiguration.req.
        beside_key: whether the content is a list next to a key that names a secret.
    """
    if isinstance(content, Mapping):
        names_secret = beside_key or _names_secret(content)
        for key, value in content.items():
            if _is_secret(key, beside_key=names_secret):
                if isinstance(value, str):
                    remember_secret(value)
            else:
                remember_secrets(value, beside_key=names_secret and isinstance(value, list | tuple))
    elif isinstance(content, list | tuple):
        for part in content:
            remember_secrets(part, beside_key=beside_key)
    elif isinstance(content, str) and (found := _USERINFO.match(content)):
        remember_secret(found[1])
        remember_secret(unquote(found[1]))


def is_secret(holder: Mapping[Any, Any], key: Any) -> bool:
    """Return whether the value of a key is a secret.

    Args:
        holder: the JSON object.
        key: one of its keys.
    """
    return _is_secret(key, beside_key=_names_secret(holder))


def _is_secret(key: Any, *, beside_key: bool) -> bool:
    name = str(key)
    return is_secret_name(name) or (beside_key and is_value_name(name))


def _names_secret(holder: Mapping[Any, Any]) -> bool:
    """Return whether a field of an object, or of an object in it, holds a secret's name, as `key` does."""
    for key, value in holder.items():
        if isinstance(value, str):
            if may_name_secret(value.lower()) and is_secret_name(value) and is_key_name(str(key)):
                return True
        elif isinstance(value, Mapping) and any(
            isinstance(inner, str) and is_secret_name(inner) and is_key_name(str(name)) for name, inner in value.items()
        ):
            return True
    return False
