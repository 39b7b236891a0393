"""Names whose value is a secret, by their meaning: `AuthorizationKey`, `basicAuthPassword`, `WIFI_PSK`."""

from __future__ import annotations

import re
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
_AT_THE_END = (*_MEANING, *(f"{word}s" for word in _MEANING), "psk", "pwd")  # inside a word these two mean nothing
_LAST_WORDS = ("pass", "token", "pw")  # inside a longer word, such as `bypass`, they mean nothing
_KEYS = ("key", "name", "variable", "parameter", "setting", "option")
_SEPARATORS = re.compile(r"[\W_]+")
_WORDS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]|[0-9]+")
_LONGEST = 64  # of a name that is remembered: names come from the network


def may_name_secret(lower: str) -> bool:
    """Whether a text in lower case may hold the name of a secret: quick, and right where it says no."""
    # Asked of every frame and every line of the console: a loop over the words takes twice as long.
    return (
        "key" in lower
        or "pass" in lower
        or "psk" in lower
        or "secret" in lower
        or "token" in lower
        or "credential" in lower
        or "authorization" in lower
        or "basic " in lower
        or "pw" in lower
    )


def is_secret_name(name: str) -> bool:
    """Whether a name means a secret, however its words are written and joined."""
    return _remembered(name) if len(name) <= _LONGEST else _is_secret(name)


def is_secret_phrase(words: str) -> bool:
    """Whether several words of a sentence end with the name of a secret: `the authorization key`."""
    return _plain(words).endswith(_AT_THE_END)


def is_key_name(name: str) -> bool:
    """Whether a field of that name says what another field's value is, as `key` in ChangeConfiguration.req does."""
    return len(name) <= _LONGEST and _plain(name).endswith(_KEYS)


def is_value_name(name: str) -> bool:
    """Whether a field of that name may be the value that belongs to a key."""
    return len(name) <= _LONGEST and _plain(name).endswith("value")


def _is_secret(name: str) -> bool:
    plain = _plain(name)
    return plain.endswith(_AT_THE_END) or any(word in plain for word in _MEANING) or _ends_with_secret_word(name)


def _ends_with_secret_word(name: str) -> bool:
    """Whether the last word of a name is one of a few. An `idToken` of OCPP 2.0.1 is no secret: it is an idTag."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and words[-1] in _LAST_WORDS and words[-2:] != ["id", "token"]


_remembered = lru_cache(maxsize=1024)(_is_secret)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()
