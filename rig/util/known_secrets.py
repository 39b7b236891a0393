"""The secrets that this process knows, found in a text by their value in every usual encoding."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

from rig.util.secret_pairs import MASK

_SHORTEST = 6
"""In characters. A shorter value would also match parts of ordinary words."""
_MOST = 64
"""Only the newest secrets are kept: each one slows down the search."""
_BETWEEN_BYTES = r"[ :,\-\\x0]{0,10}"  # one class compiles faster than alternatives
"""Separators between the bytes of a dump in hex: `70 6c`, `70:6C`, `0x70, 0x6c`, `\\x70\\x6c`, `70 00 6c` (UTF-16)."""
_BETWEEN_OCTAL = r"\\{1,4}"  # `\160\154`
_BETWEEN_NUMBERS = r"[ ,;\r\n]{1,8}"  # `112, 108`
_BETWEEN_LETTERS = r"[\x00\\xu0]{1,7}"  # UTF-16 read as single bytes: a NUL, `\x00` or `\u0000`
_URL_SAFE = str.maketrans("+/", "-_")

_lock = threading.Lock()
_kept: list[str] = []
_has_number = False
"""Whether a kept secret is a number, which JSON can spell in other ways."""


def remember_secret(secret: str) -> None:
    """Mask a value from now on in everything that this process writes or prints.

    A value of less than six characters is masked only next to its name.

    Args:
        secret: a secret, such as a passphrase; surrounding white space is ignored.
    """
    global _has_number
    secret = secret.strip()
    if len(secret) < _SHORTEST or not secret.strip("*"):
        return
    with _lock:
        if secret in _kept:
            return
        _kept.append(secret)
        del _kept[:-_MOST]
        _has_number = any(map(_is_number, _kept))
        PLAIN.pattern = ESCAPED.pattern = None


def without_known_secrets(text: str) -> str:
    """Mask each known secret in a text. Returns the same object if there is none."""
    if not _kept:
        return text
    text = PLAIN.masked(text)
    return ESCAPED.masked(text) if "\\" in text or "\0" in text else text


def without_known_bytes(data: bytes) -> bytes:
    """Overwrite each known secret in binary data, such as memory of the device, with asterisks of the same length."""
    for secret in tuple(_kept):
        content = secret.encode("utf-8", "surrogatepass")
        data = data.replace(content, b"*" * len(content))
    return data


def _grouped(forms: set[str]) -> Iterator[str]:
    """Yield a regular expression for all forms with the same first character, so that few are tried at each place."""
    groups: dict[str, list[str]] = {}
    for form in sorted(forms, key=lambda form: (-len(form), form)):  # one form may be the prefix of another
        size = 2 if form[0] == "\\" else 1
        groups.setdefault(form[:size], []).append(form[size:])
    for first, rests in groups.items():
        yield f"{first}(?:{'|'.join(rests)})"


def knows_a_number() -> bool:
    """Return whether a known secret is a number. JSON may spell it in a way that `without_known_secrets` misses."""
    return bool(_kept) and _has_number


def _is_number(secret: str) -> bool:
    try:
        float(secret)
    except ValueError:
        return False
    return True


def is_known_secret(value: object) -> bool:
    """Return whether a value is exactly a known secret, and not an encoding of one."""
    return bool(_kept) and str(value) in _kept


def holds_known_secret(numbers: Iterable[object]) -> bool:
    """Return whether numbers are bytes of a text with a known secret."""
    if not _kept:
        return False
    try:
        text = bytes(numbers).decode("utf-8", "replace")  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return without_known_secrets(text) is not text


def _forms(secret: str) -> Iterator[str]:
    """Yield a regular expression for each encoding of a secret; each starts with a literal, for speed."""
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
        quote(quote(secret)),  # a URL within a URL
        quote(quote(secret, safe=""), safe=""),
        secret.replace("/", "\\/"),  # as PHP and some devices write JSON
        repr(secret.encode("utf-8", "surrogatepass"))[2:-1],
    }
    texts |= {re.sub("%..", lambda found: found[0].lower(), text) for text in texts if "%" in text}
    yield from map(re.escape, texts)
    content = secret.encode("utf-8", "surrogatepass")
    for before in range(3):  # Base64 encodes groups of three bytes; a prefix such as `user:` shifts the secret
        encoded = base64.b64encode(b"\0" * before + content).decode()
        # Only the characters that depend on the secret alone. The characters at its ends also encode neighbouring bits.
        core = encoded[-(-before * 4 // 3) : (before + len(content)) * 4 // 3]
        for alphabet in {core, core.translate(_URL_SAFE)}:
            yield rf"{re.escape(alphabet)}[A-Za-z0-9+/_\-]{{0,2}}={{0,2}}"
    base32 = base64.b32encode(content).decode()[: len(content) * 8 // 5]
    yield f"{base32}[A-Z2-7]?={{0,6}}"
    in_hex = _BETWEEN_BYTES.join(_any_case(f"{byte:02x}") for byte in content)
    if in_hex[0] != "[":
        yield in_hex
    else:
        yield from (digit + in_hex[4:] for digit in in_hex[1:3])
    yield _BETWEEN_NUMBERS.join(map(str, content))


def _escaped_forms(secret: str) -> Iterator[str]:
    """Yield a regular expression for octal escapes, and for UTF-16 read as single bytes."""
    content = secret.encode("utf-8", "surrogatepass")
    yield _BETWEEN_OCTAL.join(f"{byte:03o}" for byte in content)
    if secret.isascii():
        yield _BETWEEN_LETTERS.join(map(re.escape, secret))


def _any_case(digits: str) -> str:
    return "".join(digit if digit.isdigit() else f"[{digit}{digit.upper()}]" for digit in digits)


class _Search:
    """A search for some forms of all known secrets. Compiling takes long, so several new secrets share it.

    Args:
        forms: yields regular expressions for the forms of a secret.
    """

    def __init__(self, forms: Callable[[str], Iterator[str]]) -> None:
        self._forms = forms
        self.pattern: re.Pattern[str] | None = None
        """The compiled pattern; None after a new secret."""

    def masked(self, text: str) -> str:
        """Mask the secrets in a text. Returns the same object if there is none."""
        pattern = self.pattern or self._compiled()
        return text if pattern.search(text) is None else pattern.sub(MASK, text)

    def _compiled(self) -> re.Pattern[str]:
        with _lock:
            if self.pattern is None:
                forms = {form for kept in _kept for form in self._forms(kept)}
                self.pattern = re.compile("|".join(_grouped(forms)))
            return self.pattern


PLAIN = _Search(_forms)
ESCAPED = _Search(_escaped_forms)
"""Used only for a text with a backslash or a NUL."""
