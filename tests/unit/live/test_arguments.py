"""JSON on the command line."""

from __future__ import annotations

import pytest

from rig.cli.attach import parsed_object
from rig.util.errors import BenchError


@pytest.mark.parametrize(
    "text",
    ["{", '{"key": NaN}', '{"key": "\udcff"}', "[" * 50_000, '{"key": ' * 2_000, f'{{"key": {"9" * 5_000}}}', "[1]"],
)
def test_json_that_the_bench_would_reject_is_rejected(text: str) -> None:
    """A shell passes bytes that are not UTF-8 as lone surrogates."""
    with pytest.raises(BenchError, match=r"^the payload is "):
        parsed_object(text, "the payload")


def test_a_missing_object_is_empty() -> None:
    assert (parsed_object("", "it"), parsed_object('{"a": [1]}', "it")) == ({}, {"a": [1]})
