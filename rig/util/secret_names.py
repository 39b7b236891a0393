"""Recognizes names of secrets, such as `AuthorizationKey`, `basicAuthPassword` and `WIFI_PSK`."""

from __future__ import annotations

import re
import string
from functools import lru_cache

_MEANING = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "credential",
    "authorizationkey",
    "privatekey",
    "apikey",
    "accesskey",
    "sharedkey",
    "accesstoken",
    "authtoken",
    "refreshtoken",
)
_AT_THE_END = (*_MEANING, *(f"{word}s" for word in _MEANING), "psk", "pwd")  # the last two words count only at the end
# These words count only as a whole word, unlike in `bypass`. Each has another meaning: `PASS: 12`, `unexpected token`,
# `pw=20` (a pulse width). `rig.util.secret_values` distinguishes them.
AMBIGUOUS = ("pass", "token", "pw")
_KEYS = ("key", "name", "variable", "parameter", "setting", "option")
_SEPARATORS = re.compile(r"[\W_]+")
_WORDS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]|[0-9]+")
_BETWEEN_LETTERS = (string.punctuation.replace('"', "") + string.whitespace).encode()
"""ASCII characters that may separate the letters of a name. A quote ends a name."""
_LONGEST = 64  # characters of a cached name: names come from the network


def may_name_secret(lower: str) -> bool:
    """Return whether a lower-case text may contain the name of a secret: fast, with false positives only."""
    # Runs for each frame and each line of the console: a loop over the words takes twice as long. To find one character
    # takes a twentieth of the time of finding a word.
    joined = lower.encode("utf-8", "replace").translate(None, _BETWEEN_LETTERS)  # a name may be written `p-s-k`
    return (
        (b"k" in joined and (b"key" in joined or b"psk" in joined or b"token" in joined))
        or (b"z" in joined and b"authorization" in joined)
        or (b"w" in joined and b"pw" in joined)
        or b"pass" in joined
        or b"secret" in joined
        or b"credential" in joined
        or (" " in lower and ("basic " in lower or "bearer " in lower))
    )


def is_secret_name(name: str) -> bool:
    """Return whether a name means a secret, in any case and with any separators."""
    return _remembered(name) if len(name) <= _LONGEST else _is_secret(name)


def is_secret_phrase(words: str) -> bool:
    """Return whether a phrase ends with the name of a secret: `the authorization key`."""
    return _remembered_phrase(words) if len(words) <= _LONGEST else _is_phrase(words)


def is_ambiguous(words: str) -> bool:
    """Return whether a name or a phrase means a secret only because `pass`, `token` or `pw` is at its end."""
    return is_secret_phrase(words) and not _has_clear_meaning(_last(words)) and not _plain(words).endswith(_AT_THE_END)


def is_key_name(name: str) -> bool:
    """Return whether such a field names the value of another field, as `key` in ChangeConfiguration.req."""
    return len(name) <= _LONGEST and _plain(name).endswith(_KEYS)


def is_value_name(name: str) -> bool:
    """Return whether a field of that name may hold the value that belongs to a key, as `data` in DataTransfer.req."""
    return len(name) <= _LONGEST and ((plain := _plain(name)).endswith("value") or plain == "data")


def _is_secret(name: str) -> bool:
    return _has_clear_meaning(name) or _ends_with_secret_word(name)


def _is_phrase(words: str) -> bool:
    return is_secret_name(_last(words)) or _plain(words).endswith(_AT_THE_END)


def _last(words: str) -> str:
    return words.rpartition(" ")[2]


def _has_clear_meaning(name: str) -> bool:
    plain = _plain(name)
    return plain.endswith(_AT_THE_END) or any(word in plain for word in _MEANING)


def _ends_with_secret_word(name: str) -> bool:
    """Return whether a name ends with a word like `token`; not `idToken`, the idTag of OCPP 2.0.1."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and words[-1] in AMBIGUOUS and words[-2:] != ["id", "token"]


def _plain(name: str) -> str:
    return _remembered_plain(name) if len(name) <= _LONGEST else _made_plain(name)


def _made_plain(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()


_remembered = lru_cache(maxsize=1024)(_is_secret)
_remembered_phrase = lru_cache(maxsize=1024)(_is_phrase)
_remembered_plain = lru_cache(maxsize=1024)(_made_plain)
