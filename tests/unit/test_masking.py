"""What is a secret, and what is left of a text without it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.masking import MASK, masked, masked_text


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
def test_the_values_of_secret_keys_are_masked_to_any_depth(content: Any, shown: Any) -> None:
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
def test_where_there_is_no_secret_it_is_the_same_object(content: Any) -> None:
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
def test_a_text_loses_its_secrets_also_where_it_is_no_whole_json(text: str, shown: str) -> None:
    assert masked_text(text) == shown


FRAME = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"0123456789"}]'


@given(st.integers(0, len(FRAME)), st.text(alphabet='abc"\\{}[]:,\n é'))
def test_wherever_a_frame_goes_wrong_no_part_of_a_secret_is_left(place: int, rest: str) -> None:
    assert "01" not in masked_text(FRAME[:place] + rest)
