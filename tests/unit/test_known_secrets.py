"""Known secrets are masked in every usual encoding."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest

from rig.util import known_secrets
from rig.util.errors import BenchError
from rig.util.redaction import MASK, masked, masked_text, remember_secrets

SECRETS = ("plain-Word_7", "<&\"\\'> %/+é", "4711471147", "0123456789abcdef")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "write",
    [
        str,
        repr,
        json.dumps,
        lambda secret: json.dumps(json.dumps(secret)),
        html.escape,
        quote,
        lambda secret: quote(secret, safe=""),
        lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
        lambda secret: secret.encode().hex(),
        lambda secret: secret.encode().hex(" ").upper(),
        lambda secret: secret.encode().hex("-"),
        lambda secret: ", ".join(f"0x{byte:02x}" for byte in secret.encode()),
        lambda secret: "".join(f"\\x{byte:02x}" for byte in secret.encode()),
        lambda secret: quote(quote(secret, safe=""), safe=""),
        lambda secret: repr(secret.encode())[2:-1],
        lambda secret: secret.replace("/", "\\/"),
        lambda secret: base64.b32encode(secret.encode()).decode(),
        lambda secret: "".join(f"\\{byte:03o}" for byte in secret.encode()),
        lambda secret: str(list(secret.encode())),
        lambda secret: json.dumps(list(secret.encode()), indent=2),
        lambda secret: str(tuple(secret.encode())).replace(",", ""),
        lambda secret: secret.encode().hex().replace("c", "C"),
    ],
    ids=[
        *("plain", "python", "json", "json in json", "html", "url", "url component", "percent", "hex", "hex dump"),
        *("hex with dashes", "array in C", "text in C", "url in url", "bytes", "escaped slash"),
        *("base32", "octal", "numbers", "numbers in json", "numbers in go", "hex in both cases"),
    ],
)
def test_each_spelling_of_a_secret_is_masked(secret: str, write) -> None:  # type: ignore[no-untyped-def]
    known_secrets.remember_secret(secret)
    written = write(secret)
    shown = masked_text(f"sent {written} to it")
    assert written.strip("\"'") not in shown
    assert MASK in shown


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize(
    "write",
    [str, repr, json.dumps, lambda text: text.encode("latin-1").hex(" ")],
    ids=["plain", "python", "json", "hex"],
)
def test_a_secret_in_utf_16_read_as_single_bytes_is_masked(encoding: str, write) -> None:  # type: ignore[no-untyped-def]
    known_secrets.remember_secret("plain-Word_7")
    shown = masked_text(f"sent {write('plain-Word_7'.encode(encoding).decode('latin-1'))} to it")
    assert MASK in shown
    assert "W" not in shown


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("user", ["", "u", "CP", "CP1", "CP-1"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padding", ["=", ""], ids=["padded", "bare"])
def test_the_base64_of_user_and_password_is_masked(secret: str, user: str, encode, padding: str) -> None:  # type: ignore[no-untyped-def]
    known_secrets.remember_secret(secret)
    written = encode(f"{user}:{secret}".encode()).decode().rstrip("=" if not padding else "")
    shown = masked_text(f"header {written} sent")
    assert shown.endswith(f"{MASK} sent")
    assert len(shown) < len("header  sent") + len(MASK) + len(base64.b64encode(f"{user}:".encode())) + 1


def test_a_secret_is_masked_in_numbers_and_names_of_json() -> None:
    known_secrets.remember_secret("4711471147")
    assert masked({"a": [4711471147], "4711471147": 1}) == {"a": [MASK], MASK: 1}
    assert masked({"a": list(b"4711471147"), "b": [1, 2]}) == {"a": MASK, "b": [1, 2]}


def test_an_error_message_does_not_show_a_secret() -> None:
    known_secrets.remember_secret("plain-Word_7")
    assert str(BenchError("no answer to plain-Word_7")) == f"no answer to {MASK}"


@pytest.mark.parametrize(
    "content",
    [
        {"key": "AuthorizationKey", "value": "plain-Word_7"},
        {"wifi_psk": "plain-Word_7"},
        ["ws://CP-1:plain-Word_7@host/"],
        {"csms_url": "ws://CP-1:plain%2DWord_7@host/"},
    ],
)
def test_secrets_that_the_bench_sends_are_remembered_by_name(content: object) -> None:
    remember_secrets(content)
    assert masked_text("it is plain-Word_7") == f"it is {MASK}"


@pytest.mark.parametrize("short", ["", "abc", "12345", "********"])
def test_a_value_as_short_as_a_word_is_not_masked(short: str) -> None:
    known_secrets.remember_secret(short)
    assert masked_text(f"abc 12345 {MASK}") == f"abc 12345 {MASK}"


def test_the_newest_secrets_are_kept() -> None:
    for number in range(100):
        known_secrets.remember_secret(f"secret-{number:03}")
    assert masked_text("x secret-099") == f"x {MASK}"
    assert masked_text("x secret-000") == "x secret-000"
