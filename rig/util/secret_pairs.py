"""Masks secrets next to their names in a text that is not JSON: a log line, half a frame, a message."""

from __future__ import annotations

import base64
import binascii
import html
import re

from rig.util.secret_names import is_ambiguous, is_key_name, is_secret_name, is_secret_phrase, is_value_name
from rig.util.secret_values import is_message, is_secret_beside

MASK = "********"

_WORD = r"[\w.\-]++"
# Words that may follow `the password is` in a sentence that does not contain the password.
_NO_VALUE = (
    "a|absent|accepted|already|also|always|an|as|at|being|changed|correct|empty|expected|expired|from|given|hidden|in|incorrect"
    "|invalid|kept|known|longer|masked|missing|needed|never|no|none|not|of|ok|only|optional|refused|rejected|required"
    "|right|set|shorter|still|stored|the|there|too|unknown|unset|unused|used|valid|what|where|wrong"
)
# A name of up to three words, its closing quote, and a colon, an equals sign or a verb. Backslashes precede the quotes
# of JSON within JSON. Every repetition is possessive or bounded, because a device may print anything.
_PAIR = re.compile(
    rf"""
    (?<![\w.\-])({_WORD}(?:[ ]{_WORD}){{0,2}}?)(\\*+["'`]|)
    (?:
        \s{{0,8}}(?::=|=>|->|==?|:(?!:))[ \t]{{0,8}}
        | [ ](?:is[ ]now|is[ ]set[ ]to|is|was[ ]set[ ]to|was|set[ ]to|changed[ ]to):?[ ]
          (?!(?:{_NO_VALUE})(?![^\s.,;:!?)]))
    )
    """,
    re.VERBOSE,
)
_QUOTE = re.compile(r"\s{0,64}(\\{0,16}[\"'])")
_NAMED = re.compile(rf"\s{{0,8}}\\*+[\"'`]?({_WORD})")
_OPENING = re.compile(r"\s{0,64}[{\[]")
_IN_JSON = re.compile(r"\s{0,8}([^\",}\]\s]*)")
_NEXT_PAIR = re.compile(rf"\s{{0,8}}[,;&]\s{{0,8}}[\"']?{_WORD}[\"']?\s{{0,8}}[:=]|\s{{1,8}}{_WORD}=|[\r\n]|\Z")
# The value of a YAML block (YAML 1.2.2 section 8.1) begins on the next line, and is indented more than its name.
_BLOCK = re.compile(r"[ \t]{0,8}(?:[|>][\-+1-9]{0,2}[ \t]{0,8}(?:#[^\r\n]*+)?)?\r?\n")
_LINE = re.compile(r"((?:[>E+\-](?=[ \t]))?[ \t]*+)([^\r\n]*+)(?:\r?\n|\r|\Z)")  # pytest marks lines with > or E
_SET_COMMAND = re.compile(rf"\bset[ \t]+({_WORD})[ \t]+([^\r\n]+)", re.IGNORECASE)  # docs/console-protocol.md
_COLUMNS = re.compile(rf"^([ \t]{{0,64}}({_WORD})[ ]{{0,64}}\t[ \t]{{0,64}})[^\s][^\r\n]*", re.MULTILINE)
# Two texts, or a text and a number, as arguments, in a tuple, or alone in a list.
_TWO_TEXTS = re.compile(
    rf"""
    (\[|[(,]\s{{0,8}})(b?(\\*["'])({_WORD})\3,\s{{0,8}})
    (?: (b?(\\*["']))((?:(?!\6)(?:\\.|[^\\\r\n])){{1,512}}+)\6 | \d{{4,64}} )
    (?=\s{{0,8}},?\s{{0,8}}([)\]]))
    """,
    re.VERBOSE,
)
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY-----)(?:[^-]|-(?!----))++")  # RFC 7468
# An option of a command line: `--password S`, or `'--password', 'S'` as Python prints a list.
_OPTION = re.compile(rf"(?<![\w\-])(--?{_WORD})([\"']?,?[ \t]{{1,8}})([\"']?)(?!-)([^\s\"']++)")
_ELEMENT = re.compile(r"<([\w:.\-]{1,64})(\s[^<>]{0,512}|)>(\s{0,8}(?:<!\[CDATA\[)?)([^<]++)")
_ATTRIBUTE = re.compile(
    r"(<([\w:.\-]{1,64})\s[^<>]{0,512}?\bvalue\s{0,8}=\s{0,8}([\"']))[^<>\"']{1,512}(?=\3)", re.IGNORECASE
)
_BASIC = re.compile(r"\b(basic +)([a-z0-9+/_\-]{4,4096}={0,2})", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer +)(?=[a-z._~+/\-]{0,512}[0-9])[a-z0-9._~+/\-]{8,4096}+=*", re.IGNORECASE)  # RFC 6750
_HTTP_CREDENTIALS = re.compile(
    r"\b(authorization\W{1,6}(?:basic|bearer|digest) +)(?:=\\*\"[^\"\r\n]*+\"|[^\r\n\"'])++", re.IGNORECASE
)
# Printable ASCII characters as JSON, URLs and XML may escape them.
_ESCAPED = re.compile(
    r"(?<!\\)\\++u00([2-7][0-9a-f])|%([2-7][0-9a-f])|&(?:quot|apos|lt|gt|amp|#[0-9]{2,3}|#x[2-7][0-9a-f]);",
    re.IGNORECASE,
)
_MOST_LAYERS = 3
"""The deepest nesting of encodings that is decoded."""


def has_escapes(text: str) -> bool:
    """Return whether `without_escapes` would change a text."""
    has_backslash_u = "\\" in text and ("\\u" in text or "\\U" in text)
    return (has_backslash_u or "%" in text or "&" in text) and _ESCAPED.search(text) is not None


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
    beside_key: bool | None = None  # unknown
    parts: list[str] = []
    done = at = 0
    while (pair := _PAIR.search(text, at)) is not None:
        at = pair.end()
        if is_secret_phrase(pair[1]):
            found = is_secret_beside(pair[1], text[pair.end(2) : at], text, at, quoted=bool(pair[2]))
        elif found := is_value_name(pair[1].rpartition(" ")[2]):
            if beside_key is None:
                beside_key = any(_names_secret(text, other) for other in _PAIR.finditer(text))
            found = beside_key
        if found:
            end, shown = _value(text, pair)
            parts += (text[done:at], shown)
            done = at = end
    parts.append(text[done:])
    masked = _SET_COMMAND.sub(_masked_command, "".join(parts))
    masked = _COLUMNS.sub(_masked_column, masked)
    masked = _TWO_TEXTS.sub(_masked_second, masked)
    masked = _OPTION.sub(_masked_option, masked)
    if "<" in masked:
        masked = _ELEMENT.sub(_masked_element, masked)
        masked = _ATTRIBUTE.sub(_masked_attribute, masked)
    masked = _PRIVATE_KEY.sub(rf"\1{MASK}", masked)
    masked = _BASIC.sub(_masked_basic, masked)
    masked = _BEARER.sub(rf"\1{MASK}", masked)
    return _HTTP_CREDENTIALS.sub(rf"\1{MASK}", masked)


def _names_secret(text: str, pair: re.Match[str]) -> bool:
    if not is_key_name(pair[1].rpartition(" ")[2]):
        return False
    named = _NAMED.match(text, pair.end())
    return named is not None and is_secret_name(named[1])


def _masked_command(found: re.Match[str]) -> str:
    return f"{found[0][: found.start(2) - found.start()]}{MASK}" if is_secret_name(found[1]) else found[0]


def _masked_column(found: re.Match[str]) -> str:
    is_secret = is_secret_name(found[2]) and not is_ambiguous(found[2])
    return f"{found[1]}{MASK}" if is_secret else found[0]


def _masked_second(found: re.Match[str]) -> str:
    """Mask the second text, except in a list of names, such as the keys of GetConfiguration.req."""
    value = found[7] or ""
    if is_message(value):
        return found[0]
    is_name = is_secret_name(value) or (found[8] == "]" and (found[1] != "[" or value.isalpha()))
    if is_name or not is_secret_name(found[4]):
        return found[0]
    return f"{found[1]}{found[2]}{found[5] or ''}{MASK}{found[6] or ''}"


def _masked_attribute(found: re.Match[str]) -> str:
    return f"{found[1]}{MASK}" if is_secret_name(found[2]) else found[0]


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


def _value(text: str, pair: re.Match[str]) -> tuple[int, str]:
    """Find the value that follows a name.

    Args:
        text: the whole text.
        pair: the match of the name and the colon.

    Returns:
        The index of its end, and its masked replacement.
    """
    at = pair.end()
    quote = _QUOTE.match(text, at)
    if quote is not None:
        mark = quote[1]
        return _end_of_quoted(text, quote.end(), mark), f"{mark}{MASK}{mark}"
    if _OPENING.match(text, at):  # a truncated object, whose end cannot be found
        return len(text), f'"{MASK}"'
    block = _BLOCK.match(text, at)
    if block is not None and (end := _end_of_block(text, pair.start(), block.end())) > block.end():
        indent = _LINE.match(text, block.end())
        return end, f"{block[0]}{indent[1] if indent else ''}{MASK}"
    if pair[2]:  # a quoted name, as in JSON
        bare = _IN_JSON.match(text, at)
        return (bare.end(), f'"{MASK}"') if bare is not None and bare[1] else (at, "")
    following = _NEXT_PAIR.search(text, at)
    end = following.start() if following is not None else len(text)
    return (end, MASK) if text[at:end].strip() else (at, "")


def _end_of_block(text: str, name: int, at: int) -> int:
    """Return the end of the lines from an index that are indented more than the line of a name."""
    own = _LINE.match(text, text.rfind("\n", 0, name) + 1)
    end = at
    while own is not None and at < len(text) and (line := _LINE.match(text, at)) is not None:
        if line[2] and len(line[1]) <= len(own[1]):
            break
        at = line.end()
        if line[2]:
            end = line.end(2)
    return end


def _end_of_quoted(text: str, at: int, mark: str) -> int:
    if len(mark) == 1:
        ending = re.compile(rf"(?:[^{mark}\\]|\\.)*+(?:{mark}|\\?\Z)", re.DOTALL)
        found = ending.match(text, at)
        return found.end() if found is not None else len(text)
    closing = re.compile(rf"(?<!\\){re.escape(mark)}").search(text, at)
    return closing.end() if closing is not None else len(text)
