"""Subset match, and the text of the first difference."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rig.ocpp.matching import differences


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}),
        ([{"a": 1}, 2], [{"a": 1, "b": 1}, 2]),
        ((1, 2), [1, 2]),
        (lambda value: value > 1, 2),
        (re.compile("a+"), "aaa"),
        (None, None),
        (1.0, 1),
    ],
)
def test_it_matches(expected: Any, actual: Any) -> None:
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "first"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b: expected 1, got 2"),
        ({"a": [{"b": 1}]}, {"a": [{"c": 1}]}, "a[0].b: expected 1, but it is missing"),
        ({"a": [1]}, {"a": [1, 2]}, "a: expected 1 elements, got [1, 2]"),
        ({"a": {}}, {"a": 5}, "a: expected an object, got 5"),
        (True, 1, "payload: expected True, got 1"),
        (0, False, "payload: expected 0, got False"),
        (re.compile("a"), "ab", "payload: expected a string that matches 'a', got 'ab'"),
        (re.compile("a"), 5, "payload: expected a string that matches 'a', got 5"),
        (str.isdigit, "x", "payload: expected a value that isdigit accepts, got 'x'"),
        ({"a": 1, "b": 2}, {"a": 0, "b": 0}, "a: expected 1, got 0"),
    ],
)
def test_the_first_difference_is_named(expected: Any, actual: Any, first: str) -> None:
    assert str(differences(expected, actual)[0]) == first


def test_a_secret_is_compared_but_not_shown() -> None:
    payload = {"key": "AuthorizationKey", "value": "0123456789", "password": {"deep": "0123456789"}}
    assert differences(payload, payload) == []
    wrong = differences({**payload, "value": "9876543210", "password": {"deep": "9876543210"}}, payload)
    assert list(map(str, wrong)) == [
        "value: expected ********, got ********",
        "password: expected ********, got ********",
    ]
    assert "0123456789" not in str(differences({"vendor": [payload]}, {"vendor": payload}))
