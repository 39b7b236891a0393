"""Masks secrets next to their names in a text that is not JSON: a log line, half a frame, a message."""

from __future__ import annotations

import base64
import binascii
import html
import re

from rig.util.secret_names import is_key_name, is_secret_name, is_secret_phrase, is_value_name

MASK = "********"

_WORD = r"[\w.\-]++"
# Words that may follow `the password is` in a sentence that does not contain the password.
_NO_VALUE = (
    "a|absent|accepted|already|also|always|an|as|at|being|changed|correct|empty|expired|from|given|hidden|in|incorrect"
    "|invalid|kept|known|longer|masked|missing|needed|never|no|none|not|of|ok|only|optional|refused|rejected|required"
    "|right|set|shorter|still|stored|the|there|too|unknown|unset|unused|used|valid|what|where|wrong"
)
# A name of up to three words, its closing quote, and a colon, an equals sign or a verb. Backslashes precede the quotes
# of JSON within JSON. Every repetition is possessive or bounded, because a device may print anything.
_PAIR = re.compile(
    rf"""
    (?<![\w.\-])({_WORD}(?:[ ]{_WORD}){{0,2}}?)(\\*+["'`]|)
    (?:
        \s{{0,8}}(?::=|=>|==?|:(?!:))[ \t]{{0,8}}
        | [ ](?:is[ ]now|is[ ]set[ ]to|is|was[ ]set[ ]to|was|set[ ]to|changed[ ]to):?[ ]
          (?!(?:{_NO_VALUE})(?![^\s.,;:!?)]))
    )
    """,
    re.VERBOSE,
)
_QUOTE = re.compile(r"\s{0,8}(\\{0,16}[\"'])")
_NAMED = re.compile(rf"\s{{0,8}}\\*+[\"'`]?({_WORD})")
_IN_JSON = re.compile(r"\s{0,8}([^\",}\]\s]*)")
_NEXT_PAIR = re.compile(rf"\s{{0,8}}[,;&]\s{{0,8}}[\"']?{_WORD}[\"']?\s{{0,8}}[:=]|\s{{1,8}}{_WORD}=|[\r\n]|\Z")
_SET_COMMAND = re.compile(rf"\bset +({_WORD}) +([^\r\n]+)", re.IGNORECASE)  # docs/console-protocol.md
# An option of a command line: `--password S`, or `'--password', 'S'` as Python prints a list.
_OPTION = re.compile(rf"(?<![\w\-])(--?{_WORD})([\"']?,?[ \t]{{1,8}})([\"']?)(?!-)([^\s\"']++)")
_ELEMENT = re.compile(r"<([\w:.\-]{1,64})(\s[^<>]{0,512}|)>(\s{0,8}(?:<!\[CDATA\[)?)([^<]++)")
_BASIC = re.compile(r"\b(basic +)([a-z0-9+/_\-]{4,4096}={0,2})", re.IGNORECASE)
_HTTP_CREDENTIALS = re.compile(r"\b(authorization\W{1,6}(?:basic|bearer|digest) +)[^\r\n\"']+", re.IGNORECASE)
# Printable ASCII characters as JSON, URLs and XML may escape them.
_ESCAPED = re.compile(
    r"(?<!\\)\\++u00([2-7][0-9a-f])|%([2-7][0-9a-f])|&(?:quot|apos|lt|gt|amp|#[0-9]{2,3}|#x[2-7][0-9a-f]);",
    re.IGNORECASE,
)
_MOST_LAYERS = 3
"""The deepest nesting of encodings that is decoded."""


def has_escapes(text: str) -> bool:
    """Return whether `without_escapes` would change a text."""
    return ("\\u" in text or "%" in text or "&" in text or "\\U" in text) and _ESCAPED.search(text) is not None


def without_escapes(text: str) -> str:
    """Decode escaped printable ASCII characters, such as `\\u0041`, `%41` or `&quot;`."""
    for _ in range(_MOST_LAYERS):
        text, changes = _ESCAPED.subn(_unescaped, text)
        if not changes:
            break
    return text


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else html.unescape(found[0])


def masked_pairs(text: str) -> str:
    """Mask each value whose name means a secret, and values next to a key that names one.

    A value without a recognizable end is masked to the end of the line or of the text.
    """
    beside_key = any(_names_secret(text, pair) for pair in _PAIR.finditer(text))
    parts: list[str] = []
    done = at = 0
    while (pair := _PAIR.search(text, at)) is not None:
        at = pair.end()
        last = pair[1].rpartition(" ")[2]
        if is_secret_name(last) or is_secret_phrase(pair[1]) or (beside_key and is_value_name(last)):
            end, shown = _value(text, at, quoted=bool(pair[2]))
            parts += (text[done:at], shown)
            done = at = end
    parts.append(text[done:])
    masked = _SET_COMMAND.sub(_masked_command, "".join(parts))
    masked = _OPTION.sub(_masked_option, masked)
    if "<" in masked:
        masked = _ELEMENT.sub(_masked_element, masked)
    masked = _BASIC.sub(_masked_basic, masked)
    return _HTTP_CREDENTIALS.sub(rf"\1{MASK}", masked)


def _names_secret(text: str, pair: re.Match[str]) -> bool:
    if not is_key_name(pair[1].rpartition(" ")[2]):
        return False
    named = _NAMED.match(text, pair.end())
    return named is not None and is_secret_name(named[1])


def _masked_command(found: re.Match[str]) -> str:
    return f"{found[0][: found.start(2) - found.start()]}{MASK}" if is_secret_name(found[1]) else found[0]


def _masked_option(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{found[3]}{MASK}" if is_secret_name(found[1]) else found[0]


def _masked_element(found: re.Match[str]) -> str:
    """Mask the content of `<password>` and of `<entry key="password">`."""
    named = any(_names_secret(found[2], pair) for pair in _PAIR.finditer(found[2]))
    is_secret = (named or is_secret_name(found[1])) and found[4].strip()
    return f"<{found[1]}{found[2]}>{found[3]}{MASK}" if is_secret else found[0]


def _masked_basic(found: re.Match[str]) -> str:
    """Mask the Base64 of `user:password`, with or without padding (RFC 7617)."""
    encoded = found[2].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        return found[0]
    return f"{found[1]}{MASK}" if b":" in decoded else found[0]


def _value(text: str, at: int, *, quoted: bool) -> tuple[int, str]:
    """Find the value that begins at an index.

    Args:
        text: the whole text.
        at: the index after the colon.
        quoted: whether the name is quoted, as in JSON.

    Returns:
        The index of its end, and its masked replacement.
    """
    quote = _QUOTE.match(text, at)
    if quote is not None:
        mark = quote[1]
        return _end_of_quoted(text, quote.end(), mark), f"{mark}{MASK}{mark}"
    rest = text[at:].lstrip()
    if rest.startswith(("{", "[")):  # a truncated object, whose end cannot be found
        return len(text), f'"{MASK}"'
    if quoted:
        bare = _IN_JSON.match(text, at)
        return (bare.end(), f'"{MASK}"') if bare is not None and bare[1] else (at, "")
    following = _NEXT_PAIR.search(text, at)
    end = following.start() if following is not None else len(text)
    return (end, MASK) if text[at:end].strip() else (at, "")


def _end_of_quoted(text: str, at: int, mark: str) -> int:
    if len(mark) == 1:
        ending = re.compile(rf"(?:[^{mark}\\]|\\.)*+(?:{mark}|\\?\Z)", re.DOTALL)
        found = ending.match(text, at)
        return found.end() if found is not None else len(text)
    closing = re.compile(rf"(?<!\\){re.escape(mark)}").search(text, at)
    return closing.end() if closing is not None else len(text)
