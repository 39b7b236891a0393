"""Recognizes values that are not secret although a secret's name is before them: figures, verdicts, messages."""

from __future__ import annotations

import re

from rig.util.secret_names import AMBIGUOUS, is_ambiguous

# A number this short is no secret: a count, a share such as 3/4, or a time.
_FIGURE = re.compile(
    r"\s{0,8}(?:[+-]?\d{1,3}(?:\.\d*+)?(?:/\d{1,3})?(?:[ ]?(?:[nuµm]?s|%))?|true|false|yes|no|ok|none|null)"
    r"(?![^\s,;&)\]}])",
    re.IGNORECASE,
)
_MESSAGE = re.compile(
    r"""
    \s{0,8}
    (?:
        (?:already|at[ ](?:least|most)|cannot|denied|expected|expired|has|incorrect|invalid|missing|must|needs|no|not
            |only|refused|rejected|required|requires|should|too|unknown|unset|wrong)(?![^\s,.;:!?)])
        | \d{1,4}(?:[ ](?:to|of|or)[ ]\d{1,4})?[ ](?:attempts?|bits|bytes|char(?:acter)?s?|tries)\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MOST_BLANKS = 5
"""The most spaces of a passphrase; a text with more spaces is a sentence."""
_IN_WORD = r"[^\s\"'`:;,=(){}\[\]]"
# A word with letters and digits: a long one, or a shorter one that is the whole value.
_RANDOM = re.compile(
    rf"""
    \s{{0,8}}["'`]?
    (?={_IN_WORD}{{0,512}}?\d)(?={_IN_WORD}{{0,512}}?[a-z])
    (?: {_IN_WORD}{{16,512}}+(?![:(\[]) | {_IN_WORD}{{6,15}}+(?=={{0,2}}["'`]?(?:[,;)\]}}&]|\s{{0,8}}(?:[\r\n]|\Z))) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A quoted word, or the sign of a YAML block.
_NO_SENTENCE = re.compile(r"\s{0,8}(?:[\"'][^\s\"']{1,512}[\"']|[|>][\-+1-9]{0,2}[ \t]{0,8}\r?\n)")


def is_figure(value: object) -> bool:
    """Return whether a value is a short number, a truth value or a verdict, and no password."""
    return value is None or (isinstance(value, str | int | float) and _FIGURE.fullmatch(str(value)) is not None)


def is_message(text: str) -> bool:
    """Return whether a text is a sentence about a secret, such as `must have at least 8 characters`."""
    return _MESSAGE.match(text) is not None or text.count(" ") > _MOST_BLANKS


def is_secret_beside(phrase: str, sign: str, text: str, at: int, *, quoted: bool) -> bool:
    """Return whether a secret follows a phrase that ends with the name of a secret.

    An ambiguous name, such as `token`, counts as a name where a program writes it: quoted, as a part of an identifier,
    or with an equals sign. In a sentence (`unexpected token: end of file`) a secret must look like one.

    Args:
        phrase: the name and the words before it.
        sign: the characters between name and value: `=`, `: `, ` is `.
        text: the whole text.
        at: the index after the sign.
        quoted: whether the name is quoted.
    """
    words, _, name = phrase.rpartition(" ")
    in_sentence = not quoted and ((sign[-1:].isspace() and "=" not in sign) or "==" in sign or "->" in sign)
    if not is_ambiguous(phrase):
        return not (in_sentence and _MESSAGE.match(text, at))
    if _FIGURE.match(text, at):
        return False
    bare = name.rpartition("-")[2].lower()
    if quoted or bare not in AMBIGUOUS:
        return True
    if ":" in sign and "=" not in sign and name == "PASS":  # the verdict
        return False
    if not in_sentence and text[at : at + 1] not in ("", "\r", "\n"):
        return True
    if words:
        return bare != "pass" and _RANDOM.match(text, at) is not None
    return _RANDOM.match(text, at) is not None or _NO_SENTENCE.match(text, at) is not None
