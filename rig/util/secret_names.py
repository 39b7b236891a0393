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
_KEYS = ("key", "name", "variable", "parameter", "setting", "option")
_SEPARATORS = re.compile(r"[\W_]+")
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
        or "pwd" in lower
        or "credential" in lower
        or "authorization" in lower
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
    return plain.endswith(_AT_THE_END) or any(word in plain for word in _MEANING)


_remembered = lru_cache(maxsize=1024)(_is_secret)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()
