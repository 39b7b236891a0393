"""Secrets are detected, and masked in texts."""

from __future__ import annotations

import pickle
import time
from dataclasses import asdict, replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.csms.frames import as_event
from rig.ocpp.ocppj import parse
from rig.timeline import Timeline
from rig.timeline.events import TelemetrySample
from rig.timeline.words import log_line
from rig.util.errors import BenchError
from rig.util.known_secrets import remember_secret
from rig.util.redaction import MASK, masked, masked_text, may_hold_secret
from rig.util.text import visible


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"key": "AuthorizationKey", "value": "S"}, {"key": "AuthorizationKey", "value": MASK}),
        ({"value": "S", "key": "authorizationkey"}, {"value": MASK, "key": "authorizationkey"}),
        (
            {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": "S"}], "unknownKey": ["x"]},
            {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": MASK}], "unknownKey": ["x"]},
        ),
        ({"a": [{"Password": {"deep": "S"}}, 1]}, {"a": [{"Password": MASK}, 1]}),
        ({"data": '{"wifi_psk":"S"}'}, {"data": f'{{"wifi_psk":"{MASK}"}}'}),
    ],
)
def test_the_values_of_secret_keys_are_masked_at_any_depth(content: Any, shown: Any) -> None:
    assert masked(content) == shown


@pytest.mark.parametrize(
    "content",
    [
        {"key": "HeartbeatInterval", "value": "300"},
        {"key": ["AuthorizationKey"]},
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False}]},
        "no password here",
        [1, None, True, 2.5],
    ],
)
def test_an_object_without_secrets_is_returned_itself(content: Any) -> None:
    assert masked(content) is content


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            '[2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "S"}]',
            f'[2,"1","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{MASK}"}}]',
        ),
        (r'{"\u0070assword":"S"}', f'{{"password":"{MASK}"}}'),
        ('[2,"1","X",{"key":"AuthorizationKey","value":"S', f'[2,"1","X",{{"key":"AuthorizationKey","value":"{MASK}"'),
        (r'{"value" : "S\"S", "key":"AuthorizationKey"', f'{{"value" : "{MASK}", "key":"AuthorizationKey"'),
        ('{"password":12345678', f'{{"password":"{MASK}"'),
        (r'{"password":"S\\', f'{{"password":"{MASK}"'),
        ('[2, "1", "Heartbeat", {}]', '[2, "1", "Heartbeat", {}]'),
        ('[3,"1",{"key":"HeartbeatInterval","value":"300"', '[3,"1",{"key":"HeartbeatInterval","value":"300"'),
    ],
)
def test_secrets_are_masked_in_incomplete_json(text: str, shown: str) -> None:
    assert masked_text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("AuthorizationKey=S", f"AuthorizationKey={MASK}"),
        ("basicAuthPassword: S T", f"basicAuthPassword: {MASK}"),
        ("I (7) config: wifi_psk = S", f"I (7) config: wifi_psk = {MASK}"),
        ("the authorization key: S\nnext: line", f"the authorization key: {MASK}\nnext: line"),
        ("AuthorizationKey=S, HeartbeatInterval=300", f"AuthorizationKey={MASK}, HeartbeatInterval=300"),
        ("/update?client_secret=S&id=7", f"/update?client_secret={MASK}&id=7"),
        ("{'key': 'AuthorizationKey', 'value': 'S'}", f"{{'key': 'AuthorizationKey', 'value': '{MASK}'}}"),
        ("set wifi_psk S T", f"set wifi_psk {MASK}"),
        ("Authorization: Basic UzpT", f"Authorization: Basic {MASK}"),
        (
            r'[2,"1","X",{"key":"\u0041uthorizationKey","value":"S',
            f'[2,"1","X",{{"key":"AuthorizationKey","value":"{MASK}"',
        ),
        (r'{"p\u0061ssword":"S', f'{{"password":"{MASK}"'),
        (r'"data":"{\"wifi_psk\":\"S\"}', rf'"data":"{{\"wifi_psk\":\"{MASK}\"}}'),
        (r'"data":"{\u0022psk\u0022:\u0022S', f'"data":"{{"psk":"{MASK}"'),
        ('"VALUE":"S","KEY":"AUTHORIZATIONKEY"', f'"VALUE":"{MASK}","KEY":"AUTHORIZATIONKEY"'),
        ('[2,"1","X",{"password":{"deep":"S"', f'[2,"1","X",{{"password":"{MASK}"'),
        ("the password is S T", f"the password is {MASK}"),
        ("wifi password was set to S", f"wifi password was set to {MASK}"),
        ("login --password S --id CP-1", f"login --password {MASK} --id CP-1"),
        ("['login', '--token', 'S']", f"['login', '--token', '{MASK}']"),
        ("pass=S", f"pass={MASK}"),
        ("?token=S&id=7", f"?token={MASK}&id=7"),
        ("wifiPass: S", f"wifiPass: {MASK}"),
        ("<c:password>S</c:password>", f"<c:password>{MASK}</c:password>"),
        ('<entry key="wifi_psk">S</entry>', f'<entry key="wifi_psk">{MASK}</entry>'),
        ("<secret><![CDATA[S]]></secret>", f"<secret><![CDATA[{MASK}</secret>"),
        ('<param name="psk" value="S"/>', f'<param name="psk" value="{MASK}"/>'),
        ("&lt;password&gt;S&lt;/password&gt;", f"<password>{MASK}</password>"),
        ("{&quot;password&quot;:&#34;S&#34;}", f'{{"password":"{MASK}"}}'),
        ("%7B%22password%22%3A%22S%22%7D", f'{{"password":"{MASK}"}}'),
        ("%2570assword%3DS", f"password={MASK}"),
        ("got Basic dXNlcjpT", f"got Basic {MASK}"),
        ("got basic dXNlcjpTUw== from", f"got basic {MASK} from"),
        *(
            (whole, whole)
            for whole in (
                "password:",
                "the password is wrong",
                "the token is not valid.",
                "the password is wrong: 3 attempts left",
                "a basic authorisation",
                "idToken=T",
                "bypass=1",
                "100%25 & <b>bold</b>",
                "<password></password>",
                "tests/test_password.py::test_it PASSED",
                "the key is right: idTag=T, connectorId=1",
                "ups_kw=3, monkey: 1",
                "LocalAuthorizeOffline=true",
                '{"key":"HeartbeatInterval","value":"300"',
                r"\u0041bc",
            )
        ),
    ],
)
def test_secrets_are_masked_in_text_by_the_meaning_of_names(text: str, shown: str) -> None:
    assert masked_text(text) == shown
    assert may_hold_secret(f"a\n{text}\nb") or shown == text


@pytest.mark.parametrize(
    "sentence",
    [
        "2 subtests did not pass: relay 3 is open",
        "the self-check did not pass: relay3open",
        "tests/unit/test_a.py::test_b did not pass: tests/unit/test_a1.py:12",
        "PASS: 12",
        "# PASS:  12",
        "PASS: test_login2",
        "Pass: all tests",
        "pass=12 fail=3",
        "pass=true",
        "pass: 3/4",
        "PASS\t12",
        "second pass: 3 of 4 frames",
        "second pass: frame12 is lost",
        "two-pass: 3 frames",
        '{"pass":12,"fail":3}',
        '{"pass":12,"fail":3',
        "unexpected token: end of file",
        "error: unexpected token: '}' at line 3",
        "error: unexpected token: identifier",
        "assert token == 'comma'",
        "token bucket: 3 of 4",
        "the token was refused",
        "pw=20",
        "pw = 20us",
        "pw: 3.5 ms",
        "psk: expected 8 to 63 characters",
        "psk: 7 characters, expected 8 to 63",
        "error: argument --password: expected one argument",
        "password: must have at least 8 characters",
        "wifi password: not set",
        "wrong password: 3 attempts left",
        "the access token: expired",
        "Authorization: Accepted",
        "Authorization: idTag=T1 is accepted",
        "bearer authentication is required",
        "keys ['AuthorizationKey', 'HeartbeatInterval'] are unknown",
        'os.environ.get("WIFI_PSK", None)',
        "ValueError('psk', 'must have 8 to 63 characters')",
        'error(422, "psk", "the key has fewer than 8 characters")',
        "password:\nnext line",
    ],
)
def test_figures_verdicts_and_messages_are_shown(sentence: str) -> None:
    assert masked_text(sentence) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "login user=a pass=Geheim-7",
        "{ user: 'u', pass: 'Geheim-7' }",
        "'pass' => 'Geheim-7'",
        "pass:Geheim-7",
        "pw: Geheim-7",
        "token: Geheim-7",
        "TOKEN: Geheim-7",
        "got token: Geheim-7abcdefghijkl for CP-1",
        "x-csrf-token: Geheim-7",
        "access token: Geheim-7",
        "password -> Geheim-7",
        "psk: |\n  Geheim-7\n",
        "token: |\n  Geheim-7\n",
        "authorization_key: >-\n  Geheim-7\n\n  Geheim-7\n",
        '  - "password":\n      value: Geheim-7',
        "E   psk: |  # of the bench\nE     Geheim-7",
        'Login("AuthorizationKey", "Geheim-7")',
        "['AuthorizationKey', 'Geheim-7']",
        "dict_items([('a', 'b'), ('password', 'Geheim-7')])",
        'nvs_set_str(handle, "wifi_psk", "Geheim-7");',
        r"('psk', b'a\'Geheim-7')",
        'Authorization: Digest username="u", nonce="n", response="Geheim-7"',
        "{'Authorization': 'Digest username=\"u\", response=\"Geheim-7\"'}",
        "Bearer Geheim-7",
        "got bearer eyJhbGciOi.Geheim-7~/+=",
        "set  wifi_psk\tGeheim-7",
        "name\tCP-1\npassword \t Geheim-7",
        '<password value="Geheim-7"/>',
        "-----BEGIN PRIVATE KEY-----\nGeheim-7\nGeheim-7=\n-----END PRIVATE KEY-----",
        r"-----BEGIN EC PRIVATE KEY-----\nGeheim-7\n",
        "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-128-CBC,12\n\nGeheim-7",
        '{"key":"AuthorizationKey","data":"Geheim-7"}',
    ],
)
def test_secrets_are_masked_in_the_forms_of_logs_and_tracebacks(text: str) -> None:
    shown = masked_text(text)
    assert "Geheim" not in shown
    assert MASK in shown
    assert may_hold_secret(f"a\n{text}\nb")


def test_the_text_around_a_secret_is_shown() -> None:
    assert masked_text("a: 1\npsk: |\n  S\n\n  T\nb: 2") == f"a: 1\npsk: |\n  {MASK}\nb: 2"
    assert masked_text("f('psk', 'S', 3)\n('psk', 'S')") == f"f('psk', 'S', 3)\n('psk', '{MASK}')"
    assert masked_text("'Authorization': 'Digest a=\"S\"', 'x'") == f"'Authorization': 'Digest {MASK}', 'x'"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"key": "AuthorizationKey", "VALUE": "S"}, {"key": "AuthorizationKey", "VALUE": MASK}),
        ({"Key": "authorization-key", "newValue": "S"}, {"Key": "authorization-key", "newValue": MASK}),
        (
            {"variable": {"name": "BasicAuthPassword"}, "attributeValue": "S"},
            {"variable": {"name": "BasicAuthPassword"}, "attributeValue": MASK},
        ),
        ({"basicAuthPassword": "S"}, {"basicAuthPassword": MASK}),
        ({"APN_PWD": "S", "private key": "S"}, {"APN_PWD": MASK, "private key": MASK}),
        ({"data": "AuthorizationKey=S"}, {"data": f"AuthorizationKey={MASK}"}),
        ({"psk=S": 1}, {f"psk={MASK}": 1}),
        ({"pass": 12, "token": "S", "pw": True}, {"pass": 12, "token": MASK, "pw": True}),
    ],
)
def test_names_are_matched_by_their_meaning(content: Any, shown: Any) -> None:
    assert masked(content) == shown


def test_a_figure_of_the_device_whose_name_means_a_secret_is_masked() -> None:
    sample = TelemetrySample(values={"heap_free": 7, "psk": 12345678})
    assert sample.record()["values"] == {"heap_free": 7, "psk": MASK}
    assert "12345678" not in log_line(sample.without_secrets())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31m\r\n", "a\\x1b[31m\\x0d\\x0a"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("a\u202eb\u2028", "a\\u202eb\\u2028"),
        ("→ Prüfstand 充电", "→ Prüfstand 充电"),
    ],
)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_an_error_message_escapes_control_characters_except_line_ends() -> None:
    assert str(BenchError("one\x1b[2J\n  two\x85")) == "one\\x1b[2J\n  two\\x85"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("connecting to ws://user:S@host:9000/CP-1", f"connecting to ws://user:{MASK}@host:9000/CP-1"),
        ("ws://:S@host ftp://u:T@[::1]:21/x@y", f"ws://:{MASK}@host ftp://u:{MASK}@[::1]:21/x@y"),
        ("WSS://user:S@T@host/", f"WSS://user:{MASK}@host/"),
        ("ws://user:S/T?#@host/", f"ws://user:{MASK}@host/"),
        ("ws://user:12345@host/", f"ws://user:{MASK}@host/"),
        ('{"url":"ws://user:S@host"}', f'{{"url":"ws://user:{MASK}@host"}}'),
        (r'{"url":"ws:\/\/user:S@host\/"}', rf'{{"url":"ws:\/\/user:{MASK}@host\/"}}'),
        (r'{"url":"ws://user:S\u0040host"}', f'{{"url":"ws://user:{MASK}@host"}}'),
        ("ws://user:99999", f"ws://user:{MASK}"),
        ("ws://user:1234567", f"ws://user:{MASK}"),
        ('[2,"1","X",{"location":"ftp://user:S', f'[2,"1","X",{{"location":"ftp://user:{MASK}'),
        (f"ws://user:{MASK}@host", f"ws://user:{MASK}@host"),
        *(
            (whole, whole)
            for whole in (
                "ws://host:9000/ocpp",
                "ws://host:9000/mail@host",
                "ws://host:9000",
                "ws://host:65535",
                "ws://user@host:80",
                "ws://[::1]:9000/a@b",
                "http://a:80, b@c",
                '{"url":"http://a:80","mail":"b@c"}',
                "a: //b:c@d",
            )
        ),
    ],
)
def test_only_the_password_of_a_url_is_masked(text: str, shown: str) -> None:
    assert masked_text(text) == shown
    assert masked({"key": [text]}) == {"key": [shown]}
    assert may_hold_secret(f"a\n{text}\nb") or shown == text


def test_hostile_output_is_masked_quickly() -> None:
    parts = (
        "://a:b",
        "://",
        "a",
        "://:",
        "ws://a:1,",
        "://a:@",
        "psk ",
        "psk=",
        "psk:\\",
        "key=psk ",
        "\\",
        "\\u0041",
        " ,",
        "psk is ",
        "--psk ",
        "<psk>",
        "<psk ",
        "basic ",
        "%41",
        "&#34;",
        "&amp;",
        '"key":',
        '"key":"value":',
        "psk:x,",
        "psk: |\n",
        " psk:\n  a\n",
        "token: a1b2c3 ",
        '("psk",',
        "('psk',\"",
        "psk\t",
        '<psk value="',
        "-----BEGIN PRIVATE KEY-----",
        'authorization: digest ="',
        "bearer ",
    )
    for part in parts:
        began = time.process_time()
        masked_text("//psk=" + part * (100_000 // len(part)))
        assert time.process_time() - began < 10


FRAME = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"0123456789"}]'


@given(st.integers(0, len(FRAME)), st.text(alphabet='abc"\\{}[]:,\n é'))
def test_an_invalid_frame_shows_no_part_of_a_secret(place: int, rest: str) -> None:
    assert "01" not in masked_text(FRAME[:place] + rest)


@pytest.mark.parametrize(
    "payload",
    [
        '{"key":"AuthorizationKey","value":"S"}',
        '{"k\\u0065y":"Authorization\\u004bey","value":"S"}',
        '{"location":"ftp://user:S@host/file"}',
        '{"location":"ftp:\\/\\/user:S@host"}',
        '{"data":"{\\"password\\":\\"S\\"}"}',
        '{"idTag":"K-4711-known"}',
        '{"value":86420097531}',
        '{"value":9.876545e5}',
        '{"location":"ftp://j\\u00f6rg:geheim99@host/fw.bin"}',
        '{"location":"ftp://user:hunter2"}',
        '{"value":"p\\u00E4ssw\\u00F6rter1"}',
        '{"value":"line\\u000atwo-of-it"}',
        '{"P-S-K":"S"}',
        '{"p_w_d":"S"}',
        '{"idTag":"TAG","value":1}',
    ],
)
def test_a_frame_shows_and_records_what_its_payload_masked_would_be(payload: str) -> None:
    """Whether its text has a secret decides whether the payload is searched."""
    remember_secret("K-4711-known")
    remember_secret("pässwörter1")
    remember_secret("line\ntwo-of-it")
    if payload.startswith('{"value":') and payload[9].isdigit():
        remember_secret("86420097531")
        remember_secret("987654.5")
    text = f'[2,"1","DataTransfer",{payload}]'
    frame = as_event("CP-1", "received", parse(text), text, "DataTransfer", "")
    wanted = masked(orjson.loads(payload))
    assert (wanted == orjson.loads(payload)) is ("TAG" in payload)
    assert frame.shown == wanted
    assert frame.record()["payload"] == wanted
    assert frame.without_secrets().payload == wanted


def test_no_copy_of_a_frame_holds_a_secret_of_its_text() -> None:
    """The event holds the complete text, and masks it when it is read."""
    text = '[2,"1","DataTransfer",{"password":"Never-shown'
    frame = Timeline().append(as_event("CP-1", "received", parse(text), text, "", "not JSON"))
    copies = (frame.raw, repr(frame), frame.record(), frame.without_secrets(), asdict(frame), replace(frame, t=1).raw)
    assert "Never-shown" not in str(copies)
    assert b"Never-shown" not in pickle.dumps(frame)
    assert pickle.loads(pickle.dumps(frame)) == frame
    assert all(MASK in str(copy) for copy in copies)


def test_a_frame_masks_the_secrets_of_its_arrival_and_of_later() -> None:
    """The process remembers only the latest secrets."""
    text = '[2,"1","DataTransfer",{"data":"first-secret then-another"}]'
    remember_secret("first-secret")
    frame = as_event("CP-1", "received", parse(text), text, "DataTransfer", "")
    for number in range(64):
        remember_secret(f"other-secret-{number}")
    assert frame.raw == text.replace("first-secret", MASK)
    remember_secret("then-another")
    assert frame.raw == text.replace("first-secret then-another", f"{MASK} {MASK}")
