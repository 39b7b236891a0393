"""The secrets that this process was given, found by their value in each encoding in which they may be printed."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from rig.util.secret_pairs import MASK

_SHORTEST = 6
"""In characters. A shorter value is found in words that have nothing to do with it."""
_MOST = 64
"""Secrets that are kept, the newest: each makes the search slower."""
_URL_SAFE = str.maketrans("+/", "-_")

_lock = threading.Lock()
_kept: list[str] = []
_pattern: re.Pattern[str] | None = None


def remember_secret(secret: str) -> None:
    """Mask a value from now on wherever this process writes or shows it.

    A value of less than six characters is masked only beside its name.

    Args:
        secret: such as a passphrase; control characters around it do not count.
    """
    global _pattern
    secret = secret.strip()
    if len(secret) < _SHORTEST or not secret.strip("*"):
        return
    with _lock:
        if secret in _kept:
            return
        _kept.append(secret)
        del _kept[:-_MOST]
        forms = {form for kept in _kept for form in _forms(kept)}
        # The longest first: one may begin with another.
        _pattern = re.compile("|".join(sorted(forms, key=lambda form: (-len(form), form))))


def without_known_secrets(text: str) -> str:
    """Mask each remembered secret in a text; the same text where there is none."""
    pattern = _pattern
    return text if pattern is None or pattern.search(text) is None else pattern.sub(MASK, text)


def is_known_secret(value: object) -> bool:
    """Whether a value is a remembered secret, written as it is."""
    return bool(_kept) and str(value) in _kept


def _forms(secret: str) -> Iterator[str]:
    """Regular expressions of all the ways to print a secret; each begins with a plain character, which is quick."""
    in_json = [json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    texts = {
        secret,
        *in_json,
        *(json.dumps(text)[1:-1] for text in in_json),  # JSON within JSON
        repr(secret)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    }
    texts |= {re.sub("%..", lambda found: found[0].lower(), text) for text in texts if "%" in text}
    yield from map(re.escape, texts)
    content = secret.encode("utf-8", "surrogatepass")
    for before in range(3):  # bytes of the same group of three, such as a user's name and a colon
        encoded = base64.b64encode(b"\0" * before + content).decode()
        # Characters that the secret alone decides; those beside them hold bits of its neighbours, too.
        core = encoded[-(-before * 4 // 3) : (before + len(content)) * 4 // 3]
        for alphabet in {core, core.translate(_URL_SAFE)}:
            yield rf"{re.escape(alphabet)}[A-Za-z0-9+/_\-]{{0,2}}={{0,2}}"
    digits = [f"{byte:02x}" for byte in content]
    yield "[ :]?".join(digits)
    yield "[ :]?".join(digits).upper()
