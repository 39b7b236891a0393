"""The device's rules for the URL of its CSMS and for its identity, a copy of the firmware's `CsmsUrl`.

The firmware only logs an invalid configuration, and then runs without a connection. Both implementations are tested
with the table firmware/test/test_csms_url/csms_urls.inc.
"""

from __future__ import annotations

import re

LONGEST_URL = 255
"""In bytes."""
LONGEST_IDENTITY = 48
"""In characters."""

_SCHEME = re.compile("wss?://", re.IGNORECASE)
_PRINTABLE = re.compile("[!-~]*")
_PARTS = re.compile(r"wss?://(?P<authority>[^/?#]*)[^#]*(?P<fragment>#?)", re.IGNORECASE)
_HOST = re.compile(r"(?:\[(?P<address>[^\]]*)\]|(?P<name>[^:]*))(?P<port>.*)")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_PORT = re.compile(r":0*[1-9][0-9]{0,4}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters, and bytes of the command line that are not UTF-8."""


def problem_of_url(url: str) -> str:
    """Return the reason why the device rejects the URL of its CSMS; empty if the device accepts it.

    Args:
        url: the URL without the identity, such as `ws://HOST:PORT/PATH`.
    """
    if not _SCHEME.match(url):
        return "must begin with ws:// or wss://"
    if len(url.encode(errors="surrogateescape")) > LONGEST_URL:
        return f"must have at most {LONGEST_URL} bytes"
    if not _PRINTABLE.fullmatch(url):
        return "must be printable ASCII without blanks; percent-encode other characters"
    parts = _PARTS.match(url)
    assert parts is not None  # a text that begins with the scheme always matches
    if parts["fragment"]:
        return "must have no fragment, the part from '#' on"
    authority = parts["authority"]
    if "@" in authority:
        return "must have no user and password before '@': set AuthorizationKey and SecurityProfile instead"
    return _problem_of_authority(authority)


def _problem_of_authority(authority: str) -> str:
    found = _HOST.fullmatch(authority)
    if found is None or (found["address"] is None and authority.startswith("[")):
        return "must have a ']' after the '[' of its IPv6 address"
    host = found["address"] if found["address"] is not None else found["name"]
    if not host:
        return "must have a host after ://"
    if found["address"] is not None and not _ADDRESS.fullmatch(host):
        return "must have an IPv6 address between '[' and ']'"
    if found["address"] is None and not _NAME.fullmatch(host):
        return "must have a host of letters, digits, '-' and '_', with single dots between parts of 1 to 63 of them"
    port = found["port"]
    if port and not (_PORT.fullmatch(port) and int(port[1:]) <= 65535):
        return "must have a port from 1 to 65535, or none"
    return ""


def problem_of_identity(identity: str) -> str:
    """Return the reason why the device rejects its identity; empty if the device accepts it."""
    if not 1 <= len(identity) <= LONGEST_IDENTITY:
        return f"must have 1 to {LONGEST_IDENTITY} characters"
    return "must have no control characters" if _CONTROL.search(identity) else ""
